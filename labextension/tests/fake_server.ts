/** A whole server in memory: one workspace, one target, what a page of a run asks for. */

import { Signal } from '@lumino/signaling';
import { DisposableDelegate } from '@lumino/disposable';
import type * as api from '../src/contract';
import type { Requests } from '../src/request';
import type { INews, Revisions } from '../src/revisions';
import { VERSION } from '../src/tokens';
import { FakeRuns, row } from './fakes';

const BADGE = { text: 'Failed', tone: 'bad' };
const USE = { text: '0.56 of 1 core', fractions: [0.1, 0.5, 0.4], sentence: 'CPU' };

export class FakeServer extends FakeRuns {
  root = async (): Promise<api.IRoot> => ({
    version: VERSION,
    api: 1,
    workspace: { name: 'default', folder: '/w' },
    read_only: false,
    runs_end_with_server: '',
    trains_here: true,
    revision: 1
  });

  machine = async (): Promise<api.IMachine> => ({
    cpus: 2,
    memory_bytes: 8e9,
    gpus: 0,
    load_1m: 1,
    memory_used_bytes: 4e9,
    disk_free_bytes: 9e9,
    workspace_bytes: 1e6,
    sizes: [{ name: 'LOCAL_1' }]
  });

  targets = async (): Promise<api.ITarget[]> => [
    {
      name: 'workers',
      type: 'AmlCompute',
      size: 'LOCAL_1',
      cpus: 1,
      gpus: 0,
      memory_bytes: 4e9,
      min_nodes: 0,
      max_nodes: 4,
      idle_seconds: 120,
      nodes_idle: 1,
      nodes_busy: 2,
      nodes_starting: 0,
      active_runs: [],
      state: 'Succeeded',
      message: '',
      created: null,
      code: 'target'
    }
  ];

  run = async (id: string): Promise<api.IRun> => ({
    row: row(id, { final: true }),
    header: {
      run_id: id,
      number: 1,
      experiment: 'pong',
      name: id,
      status: 'Failed',
      badge: BADGE,
      final: true,
      message: '',
      created: '2026-11-21 08:54:39',
      started: '',
      ended: '',
      timing: 'ran 3 min'
    },
    failure: { sentence: 'ValueError: no <b>env</b>', place: 'a.py, line 3', traceback: ['x'] },
    warnings: ['The cluster has 3 logical CPUs and this machine has 2.'],
    facts: [{ name: 'best', label: 'best', text: '-20.13' }],
    limit: 'Emulation limits the run.',
    chart_message: 'The chart begins with the first result.',
    criteria: [{ name: 'reward', text: 'reward -20 of 18', fraction: 0.1 }],
    code: 'code of it',
    insert: 'RunDetails(1)',
    links: { ray_dashboard: '', tensorboard: '' },
    can: { cancel: false, resume: true, delete: true },
    attempt: 1,
    revision: 1
  });

  children = async (): Promise<api.IChildTable> => ({
    rows: [
      {
        node: false,
        label: 'Head',
        about: 'local',
        badge: BADGE,
        nodes: '1 of 1 node alive',
        cpu: USE,
        memory: USE,
        speed: '—',
        restarts: '—',
        started: '08:54:49',
        lasted: '2 min',
        note: ''
      }
    ],
    deaths: '',
    hidden: 0,
    nodes: 1
  });

  metrics = async (): Promise<api.IMetrics> => ({
    groups: [{ title: 'Rollout (1)', names: ['episode_reward_mean'] }],
    main: 'episode_reward_mean'
  });

  series = async (): Promise<api.ISeriesAnswer> => ({
    axis: 'env_steps',
    unit: 'env steps',
    series: [
      { name: 'episode_reward_mean', x: [1000, 2000], y: [-21, -20.5], gaps: 1, last_id: 2 }
    ],
    goal: 18,
    events: [{ x: 2000, y: null, kind: 'checkpoint', title: 'a checkpoint' }]
  });

  logs = async (): Promise<api.ILogFile[]> => [
    { name: 'head/driver_log.txt', label: 'driver_log.txt', title: 'driver_log.txt', size: 9 }
  ];

  logPage = async (): Promise<api.ILogPage> => ({
    file: 'head/driver_log.txt',
    first: 0,
    lines: [[{ text: 'iteration 1', colour: 'green', bold: true }]],
    total_lines: 1,
    at_end: true
  });

  files = async (): Promise<api.IFiles> => ({
    files: [{ path: 'outputs/model.pt', size: 3_200_000, modified: 0, kind: '' }],
    bytes: 3_200_000
  });

  fileUrl = (id: string, path: string) => `/files/${id}/${path}`;

  changed = new Signal<Revisions, INews>(this as unknown as Revisions);

  get asRequests(): Requests {
    return this as unknown as Requests;
  }

  get asRevisions(): Revisions {
    const { changed } = this;
    const own = { changed, watch: () => new DisposableDelegate(() => undefined), note: () => 0 };
    return own as unknown as Revisions;
  }
}
