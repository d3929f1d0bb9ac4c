// @vitest-environment jsdom
import { Dialog } from '@jupyterlab/apputils';
import { expect, test } from 'vitest';
import { TagsForm } from '../src/components/tags_form';
import { until } from './fakes';

test('the key that ends a line does so in a dialog, and the text is its value', async () => {
  const dialog = new Dialog<string>({ title: 'Tags', body: new TagsForm('a: 1', 'It is taken.') });
  const answer = dialog.launch();
  await until(() => dialog.node.querySelector('textarea') !== null);
  const area = dialog.node.querySelector('textarea')!;
  expect(dialog.node.querySelector('[role=alert]')?.textContent).toBe('It is taken.');
  area.focus();
  const key = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true });
  expect(area.dispatchEvent(key)).toBe(true);
  const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')!;
  set!.call(area, 'a: 1\nb');
  area.dispatchEvent(new Event('input', { bubbles: true }));
  dialog.resolve(1);
  expect((await answer).value).toBe('a: 1\nb');
});
