import type { ISignal } from '@lumino/signaling';
import * as React from 'react';
import { Notice } from '../components/Notice';
import type { Values } from '../contract';
import { sentence } from '../request';
import type { INews } from '../revisions';
import type { FormModel } from './form_model';

/** What a person has typed, kept beyond a reload of the page; null for nothing. */
export interface IKept {
  values: Values | null;
  /** The names of the fields that a file has locked. */
  locked: readonly string[];
  keep(values: Values | null, locked: readonly string[]): void;
}

export interface IOpenedProps {
  make(): Promise<FormModel>;
  kept: IKept;
  /** What changes in the workspace while the form is open. */
  news: ISignal<unknown, INews>;
  children(model: FormModel): JSX.Element;
}

/** A form as soon as what it is made of is there; where that cannot be had, why. */
export function Opened({ make, kept, news, children }: IOpenedProps): JSX.Element {
  const [model, setModel] = React.useState<FormModel | null>(null);
  const [trouble, setTrouble] = React.useState('');
  const [tries, setTries] = React.useState(0);
  const latest = React.useRef({ make, kept });
  React.useEffect(() => {
    let made: FormModel | null = null;
    let gone = false;
    const look = (_: unknown, { targets, everything, runs }: INews) => {
      if (targets) {
        void made?.lookAgain();
      } else if (everything || runs.length) {
        made?.runsChanged();
      }
    };
    const { make, kept } = latest.current;
    make().then(
      found => {
        made = found;
        if (gone) {
          found.dispose();
        } else {
          let { values, locked } = found;
          found.changed.connect(() => {
            if (values !== found.values || locked !== found.locked) {
              ({ values, locked } = found);
              kept.keep(values, found.locked);
            }
          });
          news.connect(look);
          setModel(found);
        }
      },
      error => setTrouble(sentence(error))
    );
    return () => {
      gone = true;
      news.disconnect(look);
      made?.dispose();
    };
  }, [news, tries]);
  if (model) {
    return children(model);
  }
  if (!trouble) {
    return <Notice text="The form is being loaded." />;
  }
  const again = () => {
    setTrouble('');
    setTries(tries + 1);
  };
  return <Notice text={trouble} tone="warning" action={{ label: 'Try again', run: again }} />;
}
