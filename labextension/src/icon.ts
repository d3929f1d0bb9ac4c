import { LabIcon } from '@jupyterlab/ui-components';

/** A curve that grows. */
export const rlIcon = new LabIcon({
  name: 'rl-widgets:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M3 3h2v16h16v2H3z"/>
  <path class="jp-icon3" fill="none" stroke="#616161" stroke-width="2.2" stroke-linecap="round"
    stroke-linejoin="round" d="M7.500 15.500c3.500 0 3-7 6-7s2.500-2.500 6-2.500"/>
</svg>`
});
