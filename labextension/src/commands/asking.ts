/** A dialog that stays until the server takes what is in it. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { sentence } from '../request';

/** `body` draws values, and why the server has refused them; `take` sends them. */
export async function askUntilTaken<T>(
  title: string,
  label: string,
  start: T,
  body: (values: T, trouble: string) => Dialog.IBodyWidget<T>,
  take: (values: T) => Promise<unknown>
): Promise<void> {
  let values = start;
  let trouble = '';
  for (;;) {
    const buttons = [Dialog.cancelButton(), Dialog.okButton({ label })];
    const answer = await showDialog<T>({ title, body: body(values, trouble), buttons });
    if (!answer.button.accept || answer.value === null) {
      return;
    }
    values = answer.value;
    try {
      await take(values);
      return;
    } catch (error) {
      trouble = sentence(error);
    }
  }
}
