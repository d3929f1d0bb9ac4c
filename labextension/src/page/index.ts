/** What the run page is made of, loaded when the first one is opened. */

import 'uplot/dist/uPlot.min.css';

export { RunPage } from './RunPage';
