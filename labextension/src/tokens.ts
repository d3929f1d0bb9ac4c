/** Names that several modules, or other extensions, know. */

/** Of this package; the server's has to be the same. A test holds it against package.json. */
export const VERSION = '0.1.0';

/** Of the REST interface that this page speaks. */
export const API = 1;

export const PLUGIN_ID = 'rl-widgets:plugin';

export const EVENTS_SCHEMA = 'https://events.jupyter.org/rl_widgets/changes';

/** The query of a link that opens a run, and is taken off the address again. */
export const LINK_QUERY = 'rl-widgets-run';

/** The query of a link that opens a form. */
export const FORM_QUERY = 'rl-widgets-new';

export type FormKind = 'experiment' | 'target';

export const CELLS_MIME = 'application/vnd.jupyter.cells';

/** The words of the panel's own menu and palette category. */
export const CATEGORY = 'Reinforcement Learning';

export const CommandIDs = {
  showPanel: 'rl-widgets:show-panel',
  refresh: 'rl-widgets:refresh',
  open: 'rl-widgets:open-run',
  cancel: 'rl-widgets:cancel-run',
  resume: 'rl-widgets:resume-run',
  remove: 'rl-widgets:delete-run',
  pin: 'rl-widgets:pin-run',
  archive: 'rl-widgets:archive-run',
  rename: 'rl-widgets:rename-run',
  tag: 'rl-widgets:tag-run',
  insert: 'rl-widgets:insert-run',
  compare: 'rl-widgets:compare-runs',
  copyId: 'rl-widgets:copy-run-id',
  copyLink: 'rl-widgets:copy-run-link',
  copyCode: 'rl-widgets:copy-run-code',
  tensorboard: 'rl-widgets:open-tensorboard',
  rayDashboard: 'rl-widgets:open-ray-dashboard',
  newTarget: 'rl-widgets:new-compute-target',
  scaleTarget: 'rl-widgets:scale-compute-target',
  deleteTarget: 'rl-widgets:delete-compute-target',
  insertTarget: 'rl-widgets:insert-compute-target',
  newExperiment: 'rl-widgets:new-experiment',
  newFrom: 'rl-widgets:new-run-from',
  form: 'rl-widgets:open-form'
} as const;
