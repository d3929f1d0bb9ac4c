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
    sizes: [{ name: 'LOCAL_1', cpus: 1, memory_gb: 4, gpus: 0 }],
    text: [{ label: 'CPU', text: '1.0 of 2 cores', fraction: 0.5 }]
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
      code: 'target',
      nodes_text: '2 busy, 1 idle, of 4',
      about: '1 CPU, 4.0 GB for each node',
      badge: { text: 'In use', tone: 'active' }
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
    revision: 1,
    display_name: 'a run'
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
      {
        name: 'episode_reward_mean',
        x: [1000, 2000],
        y: [-21, -20.5],
        gaps: 1,
        last_id: 2,
        sentence: 'episode_reward_mean: -20.50 now, best -20.50, at env steps 2,000.'
      }
    ],
    goal: 18,
    events: [{ x: 2000, y: null, kind: 'checkpoint', title: 'a checkpoint', path: 'a' }]
  });

  tail = async (): Promise<api.ITail> => ({
    name: 'episode_reward_mean',
    x: [],
    y: [],
    last_id: 2,
    more: false
  });

  throughput = async (): Promise<api.IThroughput> => ({
    limit: 'Emulation limits the run: 60 % of the time of each env runner.',
    kind: 'emulation',
    tiles: [{ name: 'sampled', label: 'sampled, env steps/s', text: '812' }],
    bars: [
      {
        name: 'env_runner',
        label: 'Time of the env runner',
        phases: [
          { name: 'emulation', label: 'emulation', share: 0.6, text: 'emulation 60 %' },
          { name: 'other', label: 'other', share: 0.4, text: 'other 40 %' }
        ],
        sentence: 'Time of the env runner: emulation 60 %, other 40 %.'
      }
    ],
    note: 'Measured over the last 60 s.'
  });

  diagnosis = async (): Promise<api.IDiagnosis> => ({
    findings: [{ name: 'flat', sentence: 'The reward is flat.', severity: 'warning' }],
    nothing: ''
  });

  episodes = async (): Promise<api.IEpisodes> => ({
    facts: [{ name: 'last', label: 'last, at 2,000 env steps', text: '3.00' }],
    rows: [{ env_steps: '2,000', reward: '3.00', span: '1 to 5', length: '900', episodes: '3' }],
    omitted: '',
    videos: ['new', 'old', 'gone'].map((name, i) => ({
      key: i,
      path: `head/videos/${name}.mp4`,
      label: `${name}, reward 3.00`,
      about: `The ${name} one.`,
      missing: name === 'gone' ? 'The video is gone.' : ''
    })),
    videos_message: '',
    message: ''
  });

  checkpoints = async (): Promise<api.ICheckpoints> => ({
    rows: ['checkpoint_2', 'checkpoint_1'].map((name, i) => ({
      path: `head/checkpoints/${name}`,
      name,
      attempt: 1,
      iteration: String(2 - i),
      env_steps: '2,000',
      reward: '-20.50',
      time: '08:55:00',
      size_text: '3.2 MB',
      best: i === 0,
      last: i === 0,
      exists: i === 0
    })),
    summary: '1 checkpoint on the disk, 3.2 MB.',
    message: '',
    resumable: true,
    resume_text: 'The run can go on from its last checkpoint.',
    resume_code: 'run.resume()'
  });

  configuration = async (): Promise<api.IConfiguration> => ({
    settings: [
      { part: 'IMPALA', name: 'lr', value: '0.1', default: '0.2', changed: true, fact: false },
      { part: 'Versions', name: 'ray', value: '2.60', default: '', changed: false, fact: true },
      { part: 'IMPALA', name: 'gamma', value: '0.99', default: '0.99', changed: false, fact: false }
    ].map(setting => ({ ...setting, note: '' })),
    notes: ['num_workers is num_env_runners now.'],
    code: 'exp.submit(estimator)',
    message: ''
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
    files: ['outputs/model.pt', 'head/checkpoints/checkpoint_2/state.pkl'].map(path => ({
      path,
      size: 3_200_000,
      modified: 0,
      kind: 'other',
      text: `${path} (3.2 MB)`
    })),
    bytes: 6_400_000,
    summary: '2 files; the whole run takes 6.4 MB on the disk.'
  });

  /** What the page asks for by itself goes here, where a test tells the two apart. */
  get polled(): Requests {
    return this.asRequests;
  }

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
