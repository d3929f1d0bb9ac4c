/** What the server answers, as `rl_widgets/server` writes it (see its OpenAPI file). */

export interface IBadge {
  text: string;
  tone: string;
}

/** Who a workspace is, and what its server can do. */
export interface IRoot {
  version: string;
  api: number;
  workspace: { name: string; folder: string };
  read_only: boolean;
  runs_end_with_server: string;
  trains_here: boolean;
  revision: number;
}

/** Load and room of the server's machine; null where it cannot be known. */
export interface IMachine {
  cpus: number;
  memory_bytes: number;
  gpus: number;
  load_1m: number | null;
  memory_used_bytes: number | null;
  disk_free_bytes: number | null;
  workspace_bytes: number | null;
  sizes: ISize[];
  text: { label: string; text: string; fraction: number | null }[];
}

/** The size of a node. */
export interface ISize {
  name: string;
  cpus: number;
  memory_gb: number;
  gpus: number;
}

export interface ITarget {
  name: string;
  type: string;
  size: string;
  cpus: number;
  gpus: number;
  memory_bytes: number;
  min_nodes: number;
  max_nodes: number;
  idle_seconds: number;
  nodes_idle: number;
  nodes_busy: number;
  nodes_starting: number;
  active_runs: string[];
  state: string;
  message: string;
  created: number | null;
  code: string;
  nodes_text: string;
  about: string;
  badge: IBadge;
}

/** Values of a form by the names of its fields; what is unset is not there. */
export type Values = Readonly<Record<string, unknown>>;

/** One field as `rl_widgets.fields.describe` gives it: a subset of JSON Schema. */
export interface IField {
  title: string;
  description: string;
  type?: string | string[];
  default?: unknown;
  enum?: unknown[];
  items?: { type?: string };
  examples?: unknown[];
  'x-order': number;
  'x-group': string;
  'x-unit'?: string;
  'x-advanced'?: boolean;
  'x-kind'?: string;
  'x-sizes'?: ISize[];
  /** Words for the values of `enum`. */
  'x-titles'?: Record<string, string>;
}

export interface IFields {
  title: string;
  description: string;
  properties: Record<string, IField>;
  /** Has the values with which a new form begins. */
  examples?: Values[];
  /** Words to choose from, by field. */
  'x-choices'?: Record<string, string[]>;
}

/** What a form shows of its values; `errors` by field, with dots into it. */
export interface IChecked {
  errors: Record<string, string>;
  notes: string[];
  code: string;
  picture: { text: string; svg: string } | null;
  /** The settings in force where `config` is silent. */
  defaults: Values;
}

/** What a form has of a YAML file: its values, and the names of the fields that are locked. */
export interface IDocument {
  values: Values;
  locked: string[];
}

/** A form as a YAML file. */
export interface IDocumentText {
  name: string;
  text: string;
}

export interface IScale {
  min_nodes?: number;
  max_nodes: number;
  idle_seconds_before_scaledown?: number;
}

/** What may be done with a run now. */
export interface ICan {
  cancel: boolean;
  resume: boolean;
  delete: boolean;
}

/** Addresses below the server's base URL; '' where there is nothing to open. */
export interface ILinks {
  ray_dashboard: string;
  tensorboard: string;
}

export interface IRunRow {
  id: string;
  number: number;
  name: string;
  experiment: string;
  status: string;
  badge: IBadge;
  final: boolean;
  created: number;
  queued_s: number | null;
  running_s: number | null;
  reward: number | null;
  best_reward: number | null;
  metric: string | null;
  curve?: (number | null)[];
  progress: number | null;
  time_left: string;
  env_steps: number | null;
  tags: Record<string, string>;
  archived: boolean;
  pinned: boolean;
  message: string;
  user: string;
  /** Words of `view`. */
  timing: string;
  reward_text: string;
  best_text: string;
  can?: ICan;
  links?: ILinks;
}

export interface IRunsAnswer {
  runs: IRunRow[];
  total: number;
  revision: number;
}

export interface IExperiment {
  name: string;
  runs: number;
  active: number;
  newest: number | null;
}

export interface IHeader {
  run_id: string;
  number: number;
  experiment: string;
  name: string;
  status: string;
  badge: IBadge;
  final: boolean;
  message: string;
  created: string;
  started: string;
  ended: string;
  timing: string;
}

export interface IFailure {
  sentence: string;
  place: string;
  traceback: string[];
}

export interface IFact {
  name: string;
  label: string;
  text: string;
}

export interface ICriterion {
  name: string;
  text: string;
  fraction: number | null;
}

export interface IRun {
  row: IRunRow;
  header: IHeader;
  failure: IFailure | null;
  warnings: string[];
  facts: IFact[];
  /** What limits the run, in a sentence; '' where nothing is known. */
  limit: string;
  /** Why there is no curve yet. */
  chart_message: string;
  criteria: ICriterion[];
  code: string;
  insert: string;
  links: ILinks;
  can: ICan;
  attempt: number;
  revision: number;
  /** The run's name as it was given, or its id. */
  display_name: string;
}

export interface IRunChange {
  name?: string;
  description?: string;
  tags?: Record<string, string | null>;
  archived?: boolean;
  pinned?: boolean;
}

export interface IUse {
  text: string;
  fractions: (number | null)[];
  sentence: string;
}

export interface IChildRow {
  node: boolean;
  label: string;
  about: string;
  badge: IBadge;
  nodes: string;
  cpu: IUse;
  memory: IUse;
  speed: string;
  restarts: string;
  started: string;
  lasted: string;
  note: string;
}

export interface IChildTable {
  rows: IChildRow[];
  deaths: string;
  hidden: number;
  nodes: number;
}

export interface IMetrics {
  groups: { title: string; names: string[] }[];
  main: string | null;
}

export type Axis = 'env_steps' | 'iteration' | 'time';

export interface ICurve {
  name: string;
  x: (number | null)[];
  y: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
  gaps: number;
  last_id: number;
  /** The line in words. */
  sentence: string;
}

/** Points of one metric that came after an id, as they were logged. */
export interface ITail {
  name: string;
  x: (number | null)[];
  y: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
  last_id: number;
  /** There are more of them than one answer holds. */
  more: boolean;
}

export interface IMark {
  x: number | null;
  y: number | null;
  kind: string;
  title: string;
  /** The path of a checkpoint or a video, the name of a node. */
  path: string;
}

export interface ISeriesAnswer {
  axis: Axis;
  unit: string;
  series: ICurve[];
  goal: number | null;
  events: IMark[];
}

export interface IPhase {
  name: string;
  label: string;
  /** Of its time, 0 to 1. */
  share: number;
  text: string;
}

export interface IPhaseBar {
  name: string;
  label: string;
  phases: IPhase[];
  sentence: string;
}

export interface IThroughput {
  limit: string;
  kind: string;
  tiles: IFact[];
  bars: IPhaseBar[];
  note: string;
}

export interface IDiagnosis {
  findings: { name: string; sentence: string; severity: string }[];
  /** A sentence where there are none. */
  nothing: string;
}

export interface IEvaluation {
  env_steps: string;
  reward: string;
  span: string;
  length: string;
  episodes: string;
}

export interface IVideo {
  key: number;
  path: string;
  label: string;
  about: string;
  /** A sentence where its file is gone. */
  missing: string;
}

/** Evaluations and videos, newest first; each message stands where there are none. */
export interface IEpisodes {
  facts: IFact[];
  rows: IEvaluation[];
  omitted: string;
  videos: IVideo[];
  videos_message: string;
  message: string;
}

export interface ICheckpoint {
  path: string;
  name: string;
  attempt: number;
  iteration: string;
  env_steps: string;
  reward: string;
  time: string;
  size_text: string;
  best: boolean;
  last: boolean;
  exists: boolean;
}

/** Checkpoints, newest first; `message` stands in their place where there are none. */
export interface ICheckpoints {
  rows: ICheckpoint[];
  summary: string;
  message: string;
  resumable: boolean;
  resume_text: string;
  /** Python that goes on with the run; '' where nothing is to be said of it. */
  resume_code: string;
}

export interface ISetting {
  part: string;
  name: string;
  value: string;
  default: string;
  /** Set to something else than its default. */
  changed: boolean;
  /** Not a setting but what was there, such as a version. */
  fact: boolean;
  note: string;
}

export interface IConfiguration {
  settings: ISetting[];
  notes: string[];
  code: string;
  message: string;
}

export interface ISegment {
  text: string;
  colour: string;
  bold: boolean;
}

export interface ILogFile {
  name: string;
  label: string;
  title: string;
  size: number;
}

/** A page of a log; `first` is the number of its first line. */
export interface ILogPage {
  file: string;
  first: number;
  lines: ISegment[][];
  total_lines: number | null;
  at_end: boolean;
}

export interface IRunFile {
  path: string;
  size: number;
  modified: number;
  kind: string;
  text: string;
}

export interface IFiles {
  files: IRunFile[];
  bytes: number;
  summary: string;
}

/** A change that the server announces through Jupyter's events. */
export interface IChange {
  revision: number;
  runs: string[];
  targets: boolean;
}
