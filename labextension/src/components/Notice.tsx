import * as React from 'react';

export interface INoticeProps {
  text: string;
  tone?: 'warning' | 'bad' | 'plain';
  action?: { label: string; run(): void };
}

/** A sentence that a person has to know, and what can be done about it. */
export function Notice({ text, tone = 'plain', action }: INoticeProps): JSX.Element {
  return (
    <div className={`rlp-notice rlp-${tone}`} role={tone === 'plain' ? 'status' : 'alert'}>
      <p>{text}</p>
      {action && (
        <button className="rlp-button" onClick={() => action.run()}>
          {action.label}
        </button>
      )}
    </div>
  );
}
