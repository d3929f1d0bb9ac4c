/** What a form holds: values, what is drawn of them, what the server says of them. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IChecked, IDocument, IDocumentText, IField, IFields, Values } from '../contract';
import { plural } from '../format';
import { RequestError, sentence } from '../request';
import type { IOption, Shown } from './control';
import { kindOf, meant, optionsOf, placeholderOf, shownOf } from './control';
import type { IEntry } from './entries';
import {
  atFields,
  entriesOf,
  givenAgain,
  isLocked,
  isMapping,
  isTarget,
  split,
  valueAt,
  withValue
} from './entries';
import { LiveCheck } from './live_check';
import type { ISight } from './sight';
import { FIRST_SIGHT, foundWords, look } from './sight';

/** What a form is made of. */
export interface IParts {
  fields: IFields;
  values: Values;
  /** The names of the fields that take no input. */
  locked?: readonly string[];
  /** The fields of what is in a mapping, by its name. */
  members?: Record<string, IFields>;
  /** The fields of a new compute target, and the names of those that there are. */
  target?: IFields;
  targets?: readonly string[];
}

export interface IFormServer {
  check(values: Values, signal: AbortSignal): Promise<IChecked>;
  /** The settings of an algorithm. */
  settings?(algorithm: string): Promise<IFields>;
  targets?(): Promise<readonly string[]>;
  /** What a YAML file has, its bytes in base64; what else stands in the form stays. */
  read(file: { name: string; data: string }, values: Values): Promise<IDocument>;
  write(values: Values, locked: readonly string[]): Promise<IDocumentText>;
}

/** A field as it is drawn. */
export interface IDrawn {
  entry: IEntry;
  shown: Shown;
  placeholder: string;
  options: IOption[];
  /** Words to choose from, beside which any other may be typed. */
  choices: readonly string[];
  wrong: readonly string[];
  disabled: boolean;
  locked: boolean;
}

export class FormModel implements IDisposable {
  constructor(
    private readonly parts: IParts,
    private readonly server: IFormServer,
    pause?: number
  ) {
    this.members = parts.members ?? {};
    this.targets = parts.targets ?? [];
    this._values = parts.values;
    this._locked = parts.locked ?? [];
    const told = () => {
      this.refused = {};
      this.refresh();
    };
    this.live = new LiveCheck((values, signal) => server.check(values, signal), told, pause);
    this.refresh();
    this.live.want(this._values);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.live.isDisposed;
  }

  get fields(): IFields {
    return this.parts.fields;
  }

  /** What was given; what is unset is not there. */
  get values(): Values {
    return this._values;
  }

  /** The names of the fields that take no input. */
  get locked(): readonly string[] {
    return this._locked;
  }

  /** The fields that are drawn in their groups, and those that the search has found. */
  drawn: readonly IDrawn[] = [];
  found: readonly IDrawn[] = [];
  /** What is wrong with no field of its own. */
  general: readonly string[] = [];

  get search(): string {
    return this._search;
  }

  set search(words: string) {
    this._search = words;
    this.refresh();
  }

  /** How many fields the search has found. */
  get foundWords(): string {
    return foundWords(this.sight);
  }

  get notes(): readonly string[] {
    return this.live.answer?.notes ?? [];
  }

  get picture(): IChecked['picture'] {
    return this.live.answer?.picture ?? null;
  }

  /** Python that makes exactly this; '' while it is not known to be good. */
  get code(): string {
    return this.isGood ? (this.live.answer?.code ?? '') : '';
  }

  /** Whether the form can be sent: checked as it stands, and nothing is wrong. */
  get canSend(): boolean {
    return this.isGood && !this.sending;
  }

  /** Whether one run of what the form says can be sent, where a group has no room. */
  get canSendOne(): boolean {
    return this.live.isCurrent && !this.sending && Object.keys(this.errors).every(isOfGroup);
  }

  /** Whether something is being sent. */
  get isSending(): boolean {
    return this.sending;
  }

  /** Whether the form can be a file: which Python submits, and when, is not in it. */
  get canSave(): boolean {
    const outside = (name: string) => ['', 'kernel'].includes(name) || isOfGroup(name);
    return this.live.isCurrent && !this.sending && Object.keys(this.errors).every(outside);
  }

  /** Whether a field is marked as wrong. */
  get hasWrong(): boolean {
    return [...this.drawn, ...this.found].some(one => one.wrong.length > 0);
  }

  /** What is happening, or how many fields stand in the way. */
  get status(): string {
    if (this.said) {
      return this.said;
    }
    const wrong = Object.keys(this.errors).filter(Boolean).length;
    if (wrong) {
      return `${plural(wrong, 'field')} to be put right first.`;
    }
    return this.live.isCurrent || this.live.trouble ? '' : 'Being checked…';
  }

  /** Why the server could not be asked, or what it has refused. */
  get trouble(): string {
    return this.live.trouble || this._trouble;
  }

  /** A person has changed a control. */
  edit(path: string, shown: Shown): void {
    const entry = this.entries.find(one => one.path === path);
    if (!entry || isLocked(path, this._locked)) {
      return;
    }
    if (typeof shown === 'string') {
      this.typed.set(path, shown);
    }
    const before = valueAt(this._values, path);
    if (isTarget(entry.field) && isMapping(before)) {
      this.made.set(path, before);
    }
    const made = this.made.get(path) ?? this.parts.target?.examples?.[0] ?? {};
    this.take(withValue(this._values, path, meant(entry, shown, made)));
  }

  /** The compute targets may be others now. */
  async lookAgain(): Promise<void> {
    this.live.again();
    try {
      this.targets = (await this.server.targets?.()) ?? this.targets;
      this.refresh();
    } catch {
      // The check says what is wrong; the list stays as it was.
    }
  }

  /** Runs have begun or ended: what is refused may be for want of room. */
  runsChanged(): void {
    if (Object.keys(this.errors).length) {
      this.live.again();
    }
  }

  /** Send what `send` does; `words` while it is at it, what it returns when it is done. */
  async submit(
    send: (values: Values) => Promise<string>,
    words: string,
    one = false
  ): Promise<void> {
    if (one ? this.canSendOne : this.canSend) {
      await this.act(send, words);
    }
  }

  /** Have the form be what a file says; one that cannot be opened changes nothing. */
  async open(name: string, data: () => Promise<string>): Promise<void> {
    if (this.sending) {
      return;
    }
    await this.act(async before => {
      const found = await this.server.read({ name, data: await data() }, before);
      this._locked = found.locked;
      this.take(found.values);
      return `${name} is opened.`;
    }, `Opening ${name} …`);
  }

  /** Have `keep` save the form as a file. */
  async save(keep: (file: IDocumentText) => void): Promise<void> {
    if (!this.canSave) {
      return;
    }
    await this.act(async values => {
      const file = await this.server.write(values, this._locked);
      keep(file);
      return `${file.name} is saved.`;
    }, 'Saving …');
  }

  dispose(): void {
    this.live.dispose();
    Signal.clearData(this);
  }

  private async act(send: (values: Values) => Promise<string>, words: string): Promise<void> {
    [this.sending, this.said, this._trouble] = [true, words, ''];
    this._changed.emit();
    const sent = this._values;
    let said = '';
    try {
      said = await send(sent);
    } catch (error) {
      // It is about what was sent, which may have been changed since.
      if (error instanceof RequestError && error.field && sent === this._values) {
        this.refused = error.errors;
      } else {
        this._trouble = sentence(error);
      }
    }
    [this.sending, this.said] = [false, said];
    if (!this.isDisposed) {
      this.refresh();
    }
  }

  private take(values: Values): void {
    const algorithm = values['algorithm'];
    const other = algorithm !== this._values['algorithm'];
    this._values = values;
    [this.refused, this.said, this._trouble] = [{}, '', ''];
    this.live.want(values);
    if (other) {
      void this.takeSettings();
    }
    this.refresh();
  }

  /** The settings of the algorithm that was chosen; of an unknown one, those that were there. */
  private async takeSettings(): Promise<void> {
    const given = this._values['algorithm'] ?? this.fields.properties['algorithm']?.default;
    const known = this.fields['x-choices']?.['algorithm'] ?? [];
    if (typeof given !== 'string' || !known.includes(given) || !this.server.settings) {
      return;
    }
    try {
      const config = await this.server.settings(given);
      const now = this._values['algorithm'] ?? given;
      if (now === given && !this.isDisposed) {
        this.members = { ...this.members, config };
        this.refresh();
      }
    } catch {
      // The check says whether there is such an algorithm; the settings stay as they were.
    }
  }

  private get isGood(): boolean {
    return this.live.isCurrent && !Object.keys(this.errors).length;
  }

  private get errors(): Record<string, string> {
    const again = givenAgain(this._values, this._locked);
    return { ...this.live.answer?.errors, ...this.refused, ...again };
  }

  private refresh(): void {
    const { fields, target = null } = this.parts;
    this.entries = entriesOf(fields, this.members, target, this._values);
    const paths = new Set(this.entries.map(entry => entry.path));
    const wrong = atFields(this.errors, paths);
    const said = new Set(Object.keys(wrong));
    this.sight = look(this.sight, this.entries, this._values, said, this._search);
    const { extra, found } = this.sight;
    const draw = (entry: IEntry) => this.draw(entry, wrong[entry.path] ?? []);
    const known = new Set(found);
    this.drawn = this.entries.filter(one => !one.advanced || extra.has(one.path)).map(draw);
    this.found = this.entries.filter(one => known.has(one.path)).map(draw);
    this.general = wrong[''] ?? [];
    this._changed.emit();
  }

  private draw(entry: IEntry, wrong: readonly string[]): IDrawn {
    const { path, field, part } = entry;
    const [name, member] = split(path);
    const value = valueAt(this._values, path);
    const defaults = name === 'config' && member ? this.live.answer?.defaults : undefined;
    const inside = member !== undefined && part === undefined;
    const locked = isLocked(path, this._locked);
    return {
      entry,
      shown: shownOf(field, value, this.typed.get(path)),
      placeholder: placeholderOf(field, defaults?.[member ?? '']),
      options: kindOf(field) === 'list' ? optionsOf(field, value, this.targets) : [],
      choices: this.choices(path),
      wrong,
      disabled: locked || (inside && typeof this._values[name] === 'string'),
      locked
    };
  }

  private choices(path: string): readonly string[] {
    const of = (fields: IFields | undefined) => fields?.['x-choices']?.[path];
    return of(this.fields) ?? (path === 'preset' ? of(this.members['config']) : undefined) ?? [];
  }

  private _values: Values;
  private _locked: readonly string[];
  private members: Record<string, IFields>;
  private targets: readonly string[];
  private entries: readonly IEntry[] = [];
  private readonly live: LiveCheck<Values, IChecked>;
  /** What a person has typed last, and the new compute target that a list has unfolded, by path. */
  private readonly typed = new Map<string, string>();
  private readonly made = new Map<string, Values>();
  private sight: ISight = FIRST_SIGHT;
  /** What the server has refused when it was sent. */
  private refused: Readonly<Record<string, string>> = {};
  private sending = false;
  private said = '';
  private _search = '';
  private _trouble = '';
  private readonly _changed = new Signal<this, void>(this);
}

/** With one more field, which the form has beside the specification's. */
export function withField(fields: IFields, name: string, field: Omit<IField, 'x-order'>): IFields {
  const order = 1 + Math.max(...Object.values(fields.properties).map(one => one['x-order']));
  return {
    ...fields,
    properties: { ...fields.properties, [name]: { ...field, 'x-order': order } }
  };
}

/** Whether an error is about the number of runs alone. */
function isOfGroup(name: string): boolean {
  return name.endsWith('.group');
}
