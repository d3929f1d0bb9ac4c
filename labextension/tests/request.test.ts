import { ServerConnection } from '@jupyterlab/services';
import { expect, test } from 'vitest';
import {
  RequestError,
  Requests,
  isAborted,
  mayPass,
  sentence,
  sentenceWithRetry
} from '../src/request';

function requests(answer: (url: URL, init: Request) => Response | Promise<Response>) {
  const asked: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ann/',
    fetch: async (info: RequestInfo | URL, init?: RequestInit) => {
      const request = info instanceof Request ? info : new Request(info, init);
      asked.push(request);
      return answer(new URL(request.url), request);
    }
  });
  return { asked, requests: new Requests(settings) };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

test('paths keep the base URL and quote what a person may have written', async () => {
  const { asked, requests: ours } = requests(() => json({}));
  await ours.run('a/b?c');
  await ours.series('r', { names: ['x/y', 'z'], axis: 'time', points: 10 });
  await ours.runs({ text: 'a b', mine: true, archived: false, state: '' });
  const paths = asked.map(request => request.url);
  const base = 'http://localhost/user/ann/rl-widgets/api/runs';
  expect(paths[0]).toBe(`${base}/a%2Fb%3Fc`);
  expect(paths[1]).toBe(`${base}/r/series?name=x%2Fy&name=z&axis=time&points=10`);
  expect(paths[2]).toBe(`${base}?text=a+b&mine=1`);
});

test('what is asked for again has the same address, and the browser asks whether it is new', async () => {
  const { asked, requests: ours } = requests(() => json({}));
  await ours.run('a');
  await ours.run('a');
  expect(asked.map(request => request.cache)).toEqual(['no-cache', 'no-cache']);
  expect(new Set(asked.map(request => request.url)).size).toBe(1);
});

test("a refusal is the server's sentence", async () => {
  const body = { message: 'The run is active: cancel it first.', reason: 'active' };
  const { requests: ours } = requests(() => json(body, 409));
  const error = await ours.remove('r').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ message: body.message, status: 409, reason: 'active' });
});

test('a form is checked, and a refusal names its field', async () => {
  const body = { message: 'lr is a number.', reason: 'bad_request', field: 'config.lr' };
  const { asked, requests: ours } = requests(url =>
    url.pathname.endsWith('check') ? json({ errors: {} }) : json(body, 400)
  );
  const values = { config: { lr: 'x' } };
  expect(await ours.check('experiment', { values, kernel: '' })).toEqual({ errors: {} });
  expect(asked[0]?.url).toContain('/fields/experiment/check');
  expect(await asked[0]?.json()).toEqual({ values, kernel: '' });
  const error = await ours.submit(values).catch((e: unknown) => e);
  expect(error).toMatchObject({ message: body.message, field: 'config.lr' });
  expect(await ours.fields('a/b').catch((e: unknown) => e)).toMatchObject({ status: 400 });
});

test("a proxy's page is not shown", async () => {
  const { requests: ours } = requests(() => new Response('<html>', { status: 502 }));
  await expect(ours.root()).rejects.toThrow('The server answered 502');
});

test('nothing is there: 204', async () => {
  const { requests: ours } = requests(() => new Response(null, { status: 204 }));
  expect(await ours.deleteTarget('t')).toBeUndefined();
});

test('a server that is gone is said in a sentence', async () => {
  const { requests: ours } = requests(() => {
    throw new TypeError('Failed to fetch');
  });
  await expect(ours.root()).rejects.toThrow('does not answer');
});

test('that it is tried again is said only by what tries again', async () => {
  const { requests: ours } = requests(() => {
    throw new TypeError('Failed to fetch');
  });
  const errors = [ours.root(), ours.cancel('r'), ours.check('experiment', { values: {} })];
  const [read, write, check] = await Promise.all(errors.map(one => one.catch((e: unknown) => e)));
  expect(sentence(read)).toBe('The Jupyter server does not answer.');
  expect(sentenceWithRetry(read)).toBe(`${sentence(read)} It is tried again by itself.`);
  expect(sentence(write)).toContain('It is not known whether anything was done: look');
  expect(sentence(check)).toBe(sentence(read));
  const codes = [0, 400, 403, 404, 409, 424, 502, 503];
  expect(codes.filter(code => mayPass(new RequestError('', code)))).toEqual([0, 424, 502, 503]);
});

test('what the page asks for by itself says so to the server', async () => {
  const { asked, requests: ours } = requests(() => json({ targets: [] }));
  await ours.polled.run('r');
  await ours.polled.series('r', { names: ['x'], axis: 'time' });
  await ours.polled.targets();
  await ours.run('r');
  const queries = asked.map(request => new URL(request.url).search);
  expect(queries).toEqual(['?poll=1', '?name=x&axis=time&poll=1', '?poll=1', '']);
});

test('an answer that nobody waits for is no error to show', async () => {
  const abort = new AbortController();
  const { requests: ours } = requests(() => {
    abort.abort();
    throw new TypeError('aborted');
  });
  const error = await ours.root(abort.signal).catch((e: unknown) => e);
  expect(isAborted(error)).toBe(true);
});

test('files and links are addresses below the base URL', () => {
  const { requests: ours } = requests(() => json({}));
  expect(ours.fileUrl('r', 'outputs/a b.pt', true)).toBe(
    'http://localhost/user/ann/rl-widgets/api/runs/r/files/outputs/a%20b.pt?download=1'
  );
  expect(ours.openUrl('r')).toBe('http://localhost/user/ann/rl-widgets/open/r');
});
