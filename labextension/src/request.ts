/** The only module that makes requests: paths, parameters, errors as the server's sentence. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type * as api from './contract';

/** An answer that is not good; `message` is a sentence to show, `reason` the server's word. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly reason = '',
    /** Of a form, the field that it is about, with dots into it; '' for none. */
    readonly field = '',
    /** The sentences of all fields that are wrong. */
    readonly errors: Readonly<Record<string, string>> = field ? { [field]: message } : {}
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

/** Whether an error says only that nobody waits for the answer any more. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** The sentence of an error. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Milliseconds after which a page asks again for what it did not get. */
export const RETRY = 5000;

/**
 * Whether the same request may be answered later: the server is away or in trouble. What the
 * server has understood and refused stays refused.
 */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof RequestError)) {
    return true;
  }
  // 424 is JupyterHub's word for a server that is not running.
  return !error.status || error.status === 424 || error.status >= 500;
}

/** The sentence of an error, where what failed is tried again by itself. */
export function sentenceWithRetry(error: unknown): string {
  const silent = error instanceof RequestError && !error.status;
  return silent ? `${sentence(error)} It is tried again by itself.` : sentence(error);
}

export interface IRunsQuery {
  experiment?: string;
  state?: string;
  text?: string;
  mine?: boolean;
  archived?: boolean;
  sort?: string;
  order?: 'asc' | 'desc';
  offset?: number;
  limit?: number;
  curves?: boolean;
  /** Asked for by the page itself, not by a person. */
  poll?: boolean;
}

export interface ISeriesQuery {
  names: string[];
  axis: api.Axis;
  from?: number;
  to?: number;
  points?: number;
  smoothing?: number;
}

type Parameters = Record<string, string | number | boolean | string[] | undefined>;

/** Requests to the server extension of one Jupyter server. */
export class Requests {
  /** With `poll` the server takes no request for a person's, and may be let go idle. */
  constructor(
    readonly settings: ServerConnection.ISettings,
    private readonly poll = false
  ) {
    this.polled = poll ? this : new Requests(settings, true);
  }

  /** The same, for what the page asks for by itself: after a change, or by a timer. */
  readonly polled: Requests;

  root = (signal?: AbortSignal) => this.get<api.IRoot>('', {}, signal);
  revision = (signal?: AbortSignal) => this.get<{ revision: number }>('revision', {}, signal);
  machine = (signal?: AbortSignal) => this.get<api.IMachine>('machine', {}, signal);

  async targets(signal?: AbortSignal): Promise<api.ITarget[]> {
    return (await this.get<{ targets: api.ITarget[] }>('targets', {}, signal)).targets;
  }

  addTarget = (target: api.Values) => this.send<api.ITarget>('POST', 'targets', target);

  changeTarget = (name: string, change: Partial<api.IScale>) =>
    this.send<api.ITarget>('PATCH', `targets/${encodeURIComponent(name)}`, change);

  deleteTarget = (name: string) => this.send<void>('DELETE', `targets/${encodeURIComponent(name)}`);

  async experiments(signal?: AbortSignal): Promise<api.IExperiment[]> {
    const path = 'experiments';
    return (await this.get<{ experiments: api.IExperiment[] }>(path, {}, signal)).experiments;
  }

  runs = (query: IRunsQuery, signal?: AbortSignal) =>
    this.get<api.IRunsAnswer>('runs', { ...query }, signal);

  submit = (run: api.Values) =>
    this.send<{ id: string; ids: string[]; code: string }>('POST', 'runs', run);

  /** The fields of a form: `experiment`, `compute_target`, or an algorithm of RLlib. */
  fields = (kind: string, signal?: AbortSignal) =>
    this.get<api.IFields>(`fields/${encodeURIComponent(kind)}`, {}, signal);

  /** What is wrong with values, and what they come to; changes nothing. */
  check = (kind: string, body: { values: api.Values; kernel?: string }, signal?: AbortSignal) =>
    this.send<api.IChecked>('POST', `fields/${encodeURIComponent(kind)}/check`, body, signal, '');

  /** What a form has of a YAML file; changes nothing. */
  readDocument = (kind: string, file: { name: string; data: string }) =>
    this.send<api.IDocument>(
      'POST',
      `fields/${encodeURIComponent(kind)}/read`,
      file,
      undefined,
      ''
    );

  /** The YAML file of a form; writes nothing on the server. */
  writeDocument = (
    kind: string,
    body: { values: api.Values; locked: readonly string[]; kernel?: string }
  ) =>
    this.send<api.IDocumentText>(
      'POST',
      `fields/${encodeURIComponent(kind)}/write`,
      body,
      undefined,
      ''
    );

  /** The values of a form that makes a run again. */
  experimentOf = (id: string) =>
    this.get<{ values: api.Values; kernel: string }>(of(id, 'experiment'), {});

  run = (id: string, signal?: AbortSignal) => this.get<api.IRun>(of(id), {}, signal);

  change = (id: string, change: api.IRunChange) => this.send<api.IRun>('PATCH', of(id), change);

  remove = (id: string) => this.send<void>('DELETE', of(id));
  cancel = (id: string) => this.send<api.IRun>('POST', of(id, 'cancel'), {});
  resume = (id: string) => this.send<api.IRun>('POST', of(id, 'resume'), {});

  children = (id: string, signal?: AbortSignal) =>
    this.get<api.IChildTable>(of(id, 'children'), {}, signal);

  metrics = (id: string, signal?: AbortSignal) =>
    this.get<api.IMetrics>(of(id, 'metrics'), {}, signal);

  series(id: string, query: ISeriesQuery, signal?: AbortSignal): Promise<api.ISeriesAnswer> {
    const { names, ...rest } = query;
    return this.get<api.ISeriesAnswer>(of(id, 'series'), { name: names, ...rest }, signal);
  }

  tail = (id: string, name: string, axis: api.Axis, after: number, signal?: AbortSignal) =>
    this.get<api.ITail>(of(id, 'series'), { name, axis, after }, signal);

  throughput = (id: string, signal?: AbortSignal) =>
    this.get<api.IThroughput>(of(id, 'throughput'), {}, signal);

  diagnosis = (id: string, signal?: AbortSignal) =>
    this.get<api.IDiagnosis>(of(id, 'diagnosis'), {}, signal);

  episodes = (id: string, signal?: AbortSignal) =>
    this.get<api.IEpisodes>(of(id, 'episodes'), {}, signal);

  checkpoints = (id: string, signal?: AbortSignal) =>
    this.get<api.ICheckpoints>(of(id, 'checkpoints'), {}, signal);

  configuration = (id: string, signal?: AbortSignal) =>
    this.get<api.IConfiguration>(of(id, 'configuration'), {}, signal);

  async logs(id: string, signal?: AbortSignal): Promise<api.ILogFile[]> {
    return (await this.get<{ files: api.ILogFile[] }>(of(id, 'logs'), {}, signal)).files;
  }

  logPage = (id: string, file: string, line?: number, lines = 500, signal?: AbortSignal) =>
    this.get<api.ILogPage>(of(id, 'logs/page'), { file, line, lines }, signal);

  files = (id: string, signal?: AbortSignal) => this.get<api.IFiles>(of(id, 'files'), {}, signal);

  /** The address of a run's file, for a link; `download` asks for it as an attachment. */
  fileUrl(id: string, path: string, download = false): string {
    const url = this.url(of(id, `files/${path.split('/').map(encodeURIComponent).join('/')}`));
    return download ? `${url}?download=1` : url;
  }

  /** The address that a colleague opens: the run's page in JupyterLab. */
  openUrl(id: string): string {
    return URLExt.join(this.settings.baseUrl, 'rl-widgets', 'open', encodeURIComponent(id));
  }

  /** The address of a path below the server's base URL, as the server names it. */
  below(path: string): string {
    return URLExt.join(this.settings.baseUrl, path);
  }

  private url(path: string): string {
    return URLExt.join(this.settings.baseUrl, 'rl-widgets', 'api', path);
  }

  private get<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
    // With JupyterLab's own 'no-store' each address is a new one, and no answer is known again.
    const init = { method: 'GET', cache: 'no-cache', signal } as const;
    const { poll } = this;
    return this.ask<T>(this.url(path) + queryOf(poll ? { ...parameters, poll } : parameters), init);
  }

  /** `unknown` is said besides where there is no answer: what it may have done. */
  private send<T>(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal,
    unknown = UNKNOWN
  ): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    const data = body === undefined ? {} : { body: JSON.stringify(body), headers };
    return this.ask<T>(this.url(path), { method, signal, ...data }, unknown);
  }

  private async ask<T>(url: string, init: RequestInit, unknown = ''): Promise<T> {
    let response: Response;
    try {
      // It adds the login and the XSRF token.
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      if (init.signal?.aborted) {
        throw new DOMException('Aborted', 'AbortError');
      }
      const why = `The Jupyter server does not answer.${unknown}`;
      throw error instanceof ServerConnection.NetworkError ? new RequestError(why, 0) : error;
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

const UNKNOWN =
  ' It is not known whether anything was done: look at the list before you try again.';

function of(id: string, rest = ''): string {
  const run = `runs/${encodeURIComponent(id)}`;
  return rest ? `${run}/${rest}` : run;
}

function queryOf(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) {
      value.forEach(one => query.append(name, one));
    } else if (value === true) {
      query.set(name, '1');
    } else if (value !== undefined && value !== false && value !== '') {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

async function refusal(response: Response): Promise<RequestError> {
  let said: { message?: unknown; reason?: unknown; field?: unknown; errors?: object } = {};
  try {
    said = await response.json();
  } catch {
    // A proxy's page, or nothing: the status has to do.
  }
  const fallback = `The server answered ${response.status} ${response.statusText}.`;
  const message = typeof said.message === 'string' && said.message ? said.message : fallback;
  const reason = typeof said.reason === 'string' ? said.reason : '';
  const field = typeof said.field === 'string' ? said.field : '';
  const errors = (said.errors ?? undefined) as Record<string, string> | undefined;
  return new RequestError(message, response.status, reason, field, errors);
}
