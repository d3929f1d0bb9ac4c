// @vitest-environment jsdom
import type { ILayoutRestorer } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { expect, test, vi } from 'vitest';
import type { ICommandContext } from '../src/commands/context';
import type { FormPage, IFormArgs } from '../src/form_pages';
import { openForm, restoreForms } from '../src/form_pages';
import { CommandIDs } from '../src/tokens';
import { FakeServer } from './fake_server';
import { until } from './fakes';
import { TARGET, checked } from './form_fixtures';

/** JupyterLab with its layout in memory: what is saved outlives a page. */
function lab(saved: Map<string, unknown>) {
  const server = Object.assign(new FakeServer([]), {
    fields: async () => TARGET,
    check: async () => checked()
  });
  const forms = new WidgetTracker<FormPage>({ namespace: 'rl-widgets-forms' });
  const commands = new CommandRegistry();
  const context = {
    shell: {
      add: (page: Widget) => Widget.attach(page, document.body),
      activateById: vi.fn()
    },
    requests: server.asRequests,
    revisions: server.asRevisions,
    forms,
    trans: nullTranslator.load('rl-widgets')
  } as unknown as ICommandContext;
  commands.addCommand(CommandIDs.form, {
    execute: args => openForm(context, args as unknown as IFormArgs)
  });
  const connector = {
    list: async () => ({ ids: [...saved.keys()], values: [...saved.values()] }),
    save: async (id: string, value: unknown) => void saved.set(id, value),
    remove: async (id: string) => void saved.delete(id)
  };
  const restored = Promise.resolve();
  const restorer = {
    restore: (tracker: typeof forms, options: object) =>
      tracker.restore({ ...options, registry: commands, connector, restored } as never)
  } as unknown as ILayoutRestorer;
  restoreForms(restorer, forms);
  return { context, forms };
}

const name = (page: FormPage) => page.node.querySelector<HTMLInputElement>('.rlp-field input');

test('a form is there again after a reload with what was typed; one that is closed is not', async () => {
  const saved = new Map<string, unknown>();
  const first = lab(saved);
  await openForm(first.context, { kind: 'target', from: '' });
  await openForm(first.context, { kind: 'target', from: '' });
  expect(first.forms.size).toBe(1);
  const page = first.forms.currentWidget ?? first.forms.find(() => true)!;
  await until(() => name(page) !== null);
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!;
  set!.call(name(page), 'typed');
  name(page)!.dispatchEvent(new Event('input', { bubbles: true }));
  await until(() => JSON.stringify([...saved.values()]).includes('typed'));

  const second = lab(saved);
  await until(() => second.forms.size === 1);
  const again = second.forms.find(() => true)!;
  await until(() => name(again)?.value === 'typed');
  again.dispose();
  await until(() => saved.size === 0);
  page.dispose();
});
