import { expect, test } from 'vitest';
import { meant, optionsOf, placeholderOf, shownOf } from '../src/form/control';
import { read, wordy, written } from '../src/form/field_text';
import { field } from './form_fixtures';

const WHOLE = field({ type: ['integer', 'null'] });
const NUMBER = field({ type: 'number' });
const JSON_FIELD = field({ type: ['object', 'string', 'null'] });
const SEEDS = field({ type: ['array', 'integer', 'null'], items: { type: 'integer' } });
const PACKAGES = field({ type: 'array', items: { type: 'string' } });
const BYTES = field({ type: ['string', 'integer', 'null'] });

test('a text is read as the value that it means, and what means none stays a text', () => {
  const cases: [ReturnType<typeof field>, string, unknown][] = [
    [WHOLE, '', undefined],
    [WHOLE, '  ', undefined],
    [WHOLE, '0', 0],
    [WHOLE, ' 12 ', 12],
    [WHOLE, '-3', -3],
    [WHOLE, '1.5', 1.5],
    [WHOLE, 'many', 'many'],
    [WHOLE, '0x10', '0x10'],
    [WHOLE, '99999999999999999999', '99999999999999999999'],
    [NUMBER, '1e-3', 0.001],
    [NUMBER, '.5', 0.5],
    [NUMBER, '1e999', '1e999'],
    [NUMBER, 'nan', 'nan'],
    [field(), ' a name ', ' a name '],
    [field(), '7', '7'],
    [JSON_FIELD, '{"lr": 1}', { lr: 1 }],
    [JSON_FIELD, '{"lr": 1,\n x}', '{"lr": 1,\n x}'],
    [JSON_FIELD, 'x', 'x'],
    [JSON_FIELD, '{"a": [{"b": 9007199254740993}]}', '{"a": [{"b": 9007199254740993}]}'],
    [JSON_FIELD, '{"a": 9007199254740991}', { a: 9007199254740991 }],
    [JSON_FIELD, '{"a": 1e999}', '{"a": 1e999}'],
    [JSON_FIELD, '{"a": NaN}', '{"a": NaN}'],
    [NUMBER, '1_000', '1_000'],
    [NUMBER, '٣', '٣'],
    [SEEDS, '1, 2 3', [1, 2, 3]],
    [SEEDS, '[1, 2]', [1, 2]],
    [SEEDS, '1, two', '1, two'],
    [PACKAGES, 'a\n\n b ', ['a', 'b']],
    [BYTES, '24g', '24g'],
    [BYTES, '1024', 1024],
    [
      field({ type: ['number', 'array'] }),
      '[[0, 0.1], [9, 0]]',
      [
        [0, 0.1],
        [9, 0]
      ]
    ],
    [field({ type: undefined }), 'true', true]
  ];
  cases.forEach(([one, text, value]) => expect(read(text, one), text).toEqual(value));
});

test('a value is written so that it is read again', () => {
  const cases: [ReturnType<typeof field>, unknown, string][] = [
    [WHOLE, undefined, ''],
    [WHOLE, 0, '0'],
    [JSON_FIELD, { lr: [1, 2], a: {} }, '{"lr": [1, 2], "a": {}}'],
    [JSON_FIELD, '{"lr', '{"lr'],
    [SEEDS, [1, 2], '1, 2'],
    [PACKAGES, ['a', 'b'], 'a\nb'],
    [NUMBER, '5', '"5"'],
    [NUMBER, 'x', 'x']
  ];
  for (const [one, value, text] of cases) {
    expect(written(value, one)).toBe(text);
    if (typeof value !== 'string' || value !== '5') {
      expect(read(text, one)).toEqual(value);
    }
  }
  expect([wordy(JSON_FIELD), wordy(PACKAGES), wordy(SEEDS), wordy(NUMBER)]).toEqual([
    true,
    true,
    false,
    false
  ]);
});

const entry = (one: ReturnType<typeof field>, path = 'f', part?: string) => ({
  path,
  field: one,
  group: '',
  advanced: false,
  part
});

test('lists and ticks mean what they show; unset is a choice', () => {
  const flag = field({ type: ['boolean', 'null'] });
  expect(optionsOf(flag, undefined, []).map(one => one.title)).toEqual(['By default', 'Yes', 'No']);
  expect([undefined, true, false].map(value => shownOf(flag, value, undefined))).toEqual([
    '',
    'true',
    'false'
  ]);
  expect(['', 'true', 'false'].map(shown => meant(entry(flag), shown, {}))).toEqual([
    undefined,
    true,
    false
  ]);
  const tick = field({ type: 'boolean', default: true });
  expect([undefined, false].map(value => shownOf(tick, value, undefined))).toEqual([true, false]);
  const choice = field({ enum: ['a', 'b'], default: 'b' });
  expect(shownOf(choice, undefined, undefined)).toBe('"b"');
  expect(optionsOf(choice, 'gone', []).map(one => one.title)).toEqual(['a', 'b', 'gone']);
  expect(meant(entry(choice), '"gone"', {})).toBe('gone');
});

test('a compute target is one that there is, or a new one', () => {
  const target = field({ type: ['string', 'object', 'null'], 'x-kind': 'compute_target' });
  expect(optionsOf(target, 'gone', ['local', 'new']).map(one => one.title)).toEqual([
    'By default',
    'local',
    'new',
    'New …',
    'gone'
  ]);
  const made = { name: 'my-nodes' };
  const shown = shownOf(target, made, undefined);
  expect(meant(entry(target), shown, made)).toBe(made);
  expect(meant(entry(target), shownOf(target, 'new', undefined), made)).toBe('new');
  expect(meant(entry(target), '', made)).toBeUndefined();
  // What a part shows as its default is not said; a name is, also an empty one.
  const gpus = field({ type: 'integer', default: 0 });
  expect(meant(entry(gpus, 'head_target.gpus', 'Size'), '0', {})).toBeUndefined();
  expect(meant(entry(field(), 'head_target.name', 'Name'), '', {})).toBe('');
});

test('what a person types stays as it is typed', () => {
  expect(shownOf(NUMBER, 1, '1.0')).toBe('1.0');
  expect(shownOf(NUMBER, 2, '1.0')).toBe('2');
  expect(shownOf(NUMBER, undefined, '')).toBe('');
  expect(placeholderOf(WHOLE, 7)).toBe('7');
  expect(placeholderOf(field({ default: 'IMPALA' }), undefined)).toBe('IMPALA');
  expect(placeholderOf(field({ examples: [[1, 2]], items: { type: 'integer' } }), null)).toBe(
    'such as 1, 2'
  );
});
