import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';

/** Python to copy, folded. */
export function CopyCode({ code, summary }: { code: string; summary: string }): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => setCopied(false), [code]);
  return (
    <>
      <div className="rlp-choices">
        <button
          className="rlp-button"
          onClick={() => {
            Clipboard.copyToSystem(code);
            setCopied(true);
          }}
        >
          Copy as Python
        </button>
        <span role="status">{copied && 'Copied.'}</span>
      </div>
      <details>
        <summary>{summary}</summary>
        <pre className="rlp-code" tabIndex={0}>
          {code}
        </pre>
      </details>
    </>
  );
}
