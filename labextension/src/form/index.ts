/** What the forms are made of, loaded when the first one is opened. */

export { Experiment } from './Experiment';
export { Target } from './Target';
