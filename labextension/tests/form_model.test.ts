import { expect, test } from 'vitest';
import { atFields, givenAgain, isLocked, matches, withValue } from '../src/form/entries';
import type { FormModel } from '../src/form/form_model';
import { changesOf, layoutOf } from '../src/form/schema';
import { RequestError } from '../src/request';
import { until } from './fakes';
import { FakeFormServer, experimentModel } from './form_fixtures';

const at = (model: FormModel, path: string) =>
  [...model.drawn, ...model.found].find(one => one.entry.path === path)!;

test('what is unset stays unset; only what was given is sent', async () => {
  const server = new FakeFormServer();
  const model = experimentModel(server);
  await until(() => model.canSend);
  expect(server.asked).toEqual([{ experiment: 'quickstart', environment: 'CartPole-v1' }]);
  expect(at(model, 'checkpoint_freq').shown).toBe('');
  model.edit('checkpoint_freq', '5');
  model.edit('config.lr', '1e-3');
  model.edit('use_gpu', 'false');
  expect(model.values).toEqual({
    experiment: 'quickstart',
    environment: 'CartPole-v1',
    checkpoint_freq: 5,
    config: { lr: 0.001 },
    use_gpu: false
  });
  expect(at(model, 'config').shown).toBe('{"lr": 0.001}');
  model.edit('checkpoint_freq', '');
  model.edit('config.lr', ' ');
  model.edit('use_gpu', '');
  expect(model.values).toEqual({ experiment: 'quickstart', environment: 'CartPole-v1' });
  model.dispose();
});

test('the whole of a mapping and its parts are the same values', () => {
  const model = experimentModel(new FakeFormServer());
  model.edit('config', '{"lr": 0.5, "vtrace": true}');
  expect([at(model, 'config.lr').shown, at(model, 'config.vtrace').shown]).toEqual(['0.5', 'true']);
  model.edit('config', '{"lr": 0.5,');
  expect(model.values['config']).toBe('{"lr": 0.5,');
  expect(at(model, 'config.lr').disabled).toBe(true);
  model.dispose();
});

test('sentences stand at the fields that they name, the nearest there is', () => {
  const errors = { 'config.lr': 'a', 'config.x.y': 'b', 'head_target.name': 'c', other: 'd' };
  const paths = new Set(['config', 'config.lr', 'head_target']);
  expect(atFields(errors, paths)).toEqual({
    'config.lr': ['a'],
    config: ['b'],
    head_target: ['c'],
    '': ['d']
  });
});

test('errors, groups and ids are those of the schema', async () => {
  const wrong: Record<string, string> = { checkpoint_freq: 'No.', 'config.vtrace': 'b' };
  const server = new FakeFormServer(values => ({
    errors: values['checkpoint_freq'] === 'x' ? wrong : {}
  }));
  const model = experimentModel(server);
  model.edit('checkpoint_freq', 'x');
  await until(() => model.hasWrong);
  expect(model.canSend).toBe(false);
  expect(model.status).toBe('2 fields to be put right first.');
  const { schema, ui, data, errors } = layoutOf(model.drawn);
  expect(Object.keys(schema.properties!)).toEqual([
    'in-experiment',
    'in-training',
    'in-what-is-kept',
    'in-cluster'
  ]);
  expect(errors).toMatchObject({
    'in-what-is-kept': { checkpoint_freq: { __errors: ['No.'] } },
    // An advanced field is drawn as soon as something is wrong with it.
    'in-training': { 'config.vtrace': { __errors: ['b'] } }
  });
  expect(data['in-what-is-kept']).toEqual({ checkpoint_freq: 'x' });
  expect(ui['in-what-is-kept']?.['checkpoint_freq']).toMatchObject({
    'ui:options': { unit: 'iterations' }
  });
  const training = schema.properties!['in-training'] as { properties: Record<string, unknown> };
  expect(Object.keys(training.properties)).toEqual([
    'environment',
    'algorithm',
    'preset',
    'config.lr',
    'config.num_epochs',
    'config.vtrace',
    'config',
    'seeds',
    'checkpoint_at_end'
  ]);
  expect(training.properties['preset']).toMatchObject({ examples: ['impala-cartpole'] });
  const kept = { checkpoint_freq: undefined } as never;
  expect(changesOf(data, { ...data, 'in-what-is-kept': kept })).toEqual([['checkpoint_freq', '']]);
  expect(changesOf(data, data)).toEqual([]);
  model.edit('checkpoint_freq', '');
  await until(() => model.canSend);
  expect(model.hasWrong).toBe(false);
  model.dispose();
});

test('settings are searched for, and one that was given a value stays where it is', () => {
  const model = experimentModel(new FakeFormServer());
  const found = () => model.found.map(one => one.entry.path);
  expect(found()).toEqual([]);
  model.search = 'broadcast interval';
  expect(found()).toEqual(['config.broadcast_interval']);
  expect(model.foundWords).toBe('1 other setting found.');
  model.edit('config.broadcast_interval', '3');
  expect(found()).toEqual(['config.broadcast_interval']);
  model.search = 'packages';
  expect(found()).toEqual(['pip_packages']);
  expect(at(model, 'config.broadcast_interval').shown).toBe('3');
  expect(model.drawn.map(one => one.entry.path)).toContain('config.broadcast_interval');
  expect(matches(at(model, 'environment').entry, ' GYMNASIUM name')).toBe(true);
  model.dispose();
});

test('a new compute target unfolds in its group, and is kept while another is looked at', () => {
  const model = experimentModel(new FakeFormServer());
  model.edit('head_target', 'new');
  expect(model.values['head_target']).toEqual({ name: 'my-nodes', vm_size: 'LOCAL_1' });
  model.edit('head_target.name', 'mine');
  model.edit('head_target.vm_size', '""');
  expect(model.values['head_target']).toEqual({ name: 'mine' });
  const { schema } = layoutOf(model.drawn);
  const cluster = schema.properties!['in-cluster'] as { properties: Record<string, unknown> };
  expect(Object.keys(cluster.properties)).toEqual([
    'head_target',
    'in-compute-target-of-the-head-name',
    'in-compute-target-of-the-head-size-of-a-node',
    'use_gpu'
  ]);
  model.edit('head_target', '"local"');
  expect(model.values['head_target']).toBe('local');
  model.edit('head_target', 'new');
  expect(model.values['head_target']).toEqual({ name: 'mine' });
  model.edit('head_target', '');
  expect('head_target' in model.values).toBe(false);
  model.dispose();
});

test('another algorithm has its own settings; an unknown one leaves them', async () => {
  const model = experimentModel(new FakeFormServer());
  model.edit('algorithm', 'PPO');
  await until(() => at(model, 'config.lr').entry.field.title === 'Learning rate of PPO');
  model.edit('algorithm', 'PP');
  expect(at(model, 'config.lr').entry.field.title).toBe('Learning rate of PPO');
  model.edit('algorithm', '');
  await until(() => at(model, 'config.lr').entry.field.title === 'Learning rate of IMPALA');
  model.dispose();
});

test('a compute target that is deleted meanwhile is said', async () => {
  const server = new FakeFormServer();
  const model = experimentModel(server);
  model.edit('head_target', '"workers"');
  await until(() => model.canSend);
  server.names = ['local'];
  server.says = () => ({ errors: { head_target: 'There is no compute target.' } });
  await model.lookAgain();
  await until(() => model.hasWrong);
  expect(at(model, 'head_target').wrong).toEqual(['There is no compute target.']);
  // The list still shows what is chosen.
  expect(at(model, 'head_target').options.map(one => one.title)).toEqual([
    'By default',
    'local',
    'New …',
    'workers'
  ]);
  model.dispose();
});

test('what the server refuses when it is sent stands at its field until that is changed', async () => {
  const model = experimentModel(new FakeFormServer());
  await until(() => model.canSend);
  const sent: unknown[] = [];
  const submit = (error: Error) =>
    model.submit(async values => {
      sent.push(values);
      expect([model.status, model.canSend]).toEqual(['Submitting …', false]);
      throw error;
    }, 'Submitting …');
  await submit(new RequestError('It is taken.', 400, 'bad_request', 'experiment'));
  expect(at(model, 'experiment').wrong).toEqual(['It is taken.']);
  expect(model.canSend).toBe(false);
  await submit(new Error('not sent'));
  expect(sent.length).toBe(1);
  model.edit('experiment', 'another');
  await until(() => model.canSend);
  expect(at(model, 'experiment').wrong).toEqual([]);
  await submit(new RequestError('Too many runs.', 409, 'conflict'));
  expect([model.trouble, model.canSend]).toEqual(['Too many runs.', true]);
  await model.submit(async () => '1 run submitted: a.', '');
  expect([model.status, model.trouble]).toEqual(['1 run submitted: a.', '']);
  model.dispose();
});

test('a value is put into a mapping and taken out of it', () => {
  expect(withValue({ a: 1 }, 'stop.time', 5)).toEqual({ a: 1, stop: { time: 5 } });
  expect(withValue({ a: 1, stop: { time: 5 } }, 'stop.time', undefined)).toEqual({ a: 1 });
  expect(withValue({ stop: { 'a.b': 5, c: 1 } }, 'stop.a.b', undefined)).toEqual({
    stop: { c: 1 }
  });
});

test('what is locked takes no input, and is so until another file says otherwise', async () => {
  const server = new FakeFormServer();
  const model = experimentModel(server);
  await until(() => model.canSend);
  const data = async () => 'eA==';
  server.file = { values: { experiment: 'mine', config: { lr: 1 } }, locked: ['config.lr'] };
  await model.open('class.yaml', data);
  expect(server.opened).toEqual([{ name: 'class.yaml', data: 'eA==' }]);
  expect(model.status).toBe('class.yaml is opened.');
  const paths = ['config', 'config.lr', 'config.num_epochs', 'experiment'];
  expect(paths.map(path => at(model, path).locked)).toEqual([true, true, false, false]);
  model.edit('config.lr', '2');
  model.edit('config', '{}');
  model.edit('config.num_epochs', '3');
  expect(model.values).toEqual({ experiment: 'mine', config: { lr: 1, num_epochs: 3 } });
  await until(() => model.canSave);
  let saved = '';
  await model.save(file => (saved = file.text));
  expect(JSON.parse(saved)).toEqual({ locked: ['config.lr'], ...model.values });

  const before = model.values;
  server.file = new RequestError('class.yaml has more than 512 KiB.', 400);
  await model.open('class.yaml', data);
  expect([model.trouble, model.values]).toEqual(['class.yaml has more than 512 KiB.', before]);
  expect(model.locked).toEqual(['config.lr']);
  server.file = { values: { experiment: 'mine' }, locked: [] };
  await model.open('other.yaml', data);
  expect([model.trouble, at(model, 'config.lr').disabled]).toEqual(['', false]);
  model.dispose();
});

test('what a locked field gives no setting does', async () => {
  const server = new FakeFormServer();
  const model = experimentModel(server);
  await until(() => model.canSend);
  server.file = { values: { experiment: 'mine' }, locked: ['seeds', 'environment'] };
  await model.open('class.yaml', async () => 'eA==');
  await until(() => model.canSend);
  const sentence =
    "'seed' in config is given by the field seeds, which is locked: leave it out of config.";
  for (const text of ['{"seed": 3}', '{"seed": 9007199254740993}']) {
    model.edit('config', text);
    expect(at(model, 'config').wrong).toEqual([sentence]);
    await until(() => model.status === '1 field to be put right first.');
    expect([model.canSend, model.canSave]).toEqual([false, false]);
  }
  model.edit('config', '{"lr": 1}');
  await until(() => model.canSend);
  expect(givenAgain({ vary: { env: ['a'] } }, model.locked)).toEqual({
    'vary.env': expect.stringContaining("'env' in vary is given by the field environment")
  });
  expect(['config.seed', 'config.env'].map(one => isLocked(one, model.locked))).toEqual([
    true,
    true
  ]);
  model.dispose();
});

test('a full server is said beneath the form, until a run has ended', async () => {
  let errors: Record<string, string> = { '': 'This server allows 2 active runs at a time.' };
  const server = new FakeFormServer(() => ({ errors }));
  const model = experimentModel(server);
  await until(() => model.general.length === 1);
  expect([model.canSend, model.canSave, model.status]).toEqual([false, true, '']);
  errors = {};
  model.runsChanged();
  await until(() => model.canSend);
  expect(model.general).toEqual([]);
  model.dispose();
});

test('what is wrong keeps a form from being a file, but not which Python submits', async () => {
  const server = new FakeFormServer(() => ({ errors: { kernel: 'It has no Ray.' } }));
  const model = experimentModel(server);
  await until(() => model.status !== 'Being checked…');
  expect([model.canSend, model.canSave]).toEqual([false, true]);
  server.says = () => ({ errors: { seeds: 'No.' } });
  model.edit('seeds', 'x');
  await until(() => model.hasWrong);
  expect(model.canSave).toBe(false);
  model.dispose();
});

test('where only a group has no room, one run of it is tried and the form is saved', async () => {
  const server = new FakeFormServer();
  server.says = () => ({ errors: { 'seeds.group': 'This server allows 2 runs.' } });
  const model = experimentModel(server);
  await until(() => model.hasWrong);
  expect(at(model, 'seeds').wrong).toEqual(['This server allows 2 runs.']);
  expect([model.canSend, model.canSendOne, model.canSave]).toEqual([false, true, true]);
  await model.submit(async () => 'all of it', '');
  await model.submit(async () => 'one run', '', true);
  expect(model.status).toBe('one run');
  server.says = () => ({ errors: { seeds: 'No number.' } });
  await model.lookAgain();
  await until(() => !model.canSendOne);
  expect(model.canSave).toBe(false);
  model.dispose();
});
