import { LabIcon } from '@jupyterlab/ui-components';

/** A curve that grows. */
export const rlIcon = new LabIcon({
  name: 'rl-widgets:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M3 3h2v16h16v2H3z"/>
  <g fill="none">
    <path class="jp-icon3" stroke="#616161" stroke-width="2.2" stroke-linecap="round"
      d="M7.5 15.5c3.5 0 3-7 6-7s2.5-2.5 6-2.5"/>
  </g>
</svg>`
});
