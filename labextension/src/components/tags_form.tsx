import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

/** The tags of a run as lines of text, in a dialog. */
export class TagsForm extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(
    private text: string,
    private readonly trouble: string
  ) {
    super();
    this.addClass('rlp');
    this.addClass('rlp-form');
  }

  getValue(): string {
    return this.text;
  }

  handleEvent(event: Event): void {
    // The dialog takes this key from every control, also from one of several lines.
    const { key, ctrlKey, metaKey } = event as KeyboardEvent;
    if (key === 'Enter' && !ctrlKey && !metaKey && event.target instanceof HTMLTextAreaElement) {
      event.stopPropagation();
    }
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    document.addEventListener('keydown', this, true);
  }

  protected onBeforeDetach(msg: Message): void {
    document.removeEventListener('keydown', this, true);
    super.onBeforeDetach(msg);
  }

  protected render(): JSX.Element {
    return (
      <>
        {this.trouble && (
          <p className="rlp-notice rlp-warning" role="alert">
            {this.trouble}
          </p>
        )}
        <label>
          One tag on each line, as name or name: value
          <textarea
            rows={6}
            spellCheck={false}
            defaultValue={this.text}
            onChange={event => {
              this.text = event.target.value;
            }}
          />
        </label>
      </>
    );
  }
}
