import * as React from 'react';
import type { FormModel } from './form_model';
import { base64Of, keepFile } from './yaml_file';

/** A form as a file of the person's own machine, and such a file as the form. */
export function FileButtons({ model }: { model: FormModel }): JSX.Element {
  const input = React.useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        className="rlp-button"
        title="Replace what stands in the form by a file of at most 512 KiB"
        disabled={model.isSending}
        onClick={() => input.current?.click()}
      >
        Open YAML
      </button>
      <input
        ref={input}
        type="file"
        accept=".yaml,.yml"
        aria-label="A YAML file to open"
        hidden
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file) {
            void model.open(file.name, () => base64Of(file));
          }
          // The same file may be chosen again, after it was put right.
          target.value = '';
        }}
      />
      <button
        className="rlp-button"
        title="Save what stands in the form as a file"
        disabled={!model.canSave}
        onClick={() => void model.save(keepFile)}
      >
        Save as YAML
      </button>
    </>
  );
}
