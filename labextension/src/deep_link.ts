/** A link that opens a run: `?rl-widgets-run=<id>`, which is taken off the address again. */

import { LINK_QUERY } from './tokens';

/** The run that the page's address names, or ''. */
export function linkedRun(href: string): string {
  return new URL(href).searchParams.get(LINK_QUERY) ?? '';
}

/** The address without the run. */
export function withoutRun(href: string): string {
  const url = new URL(href);
  url.searchParams.delete(LINK_QUERY);
  return url.href;
}

/** Clean the address in the browser, and leave no step back to it. */
export function cleanAddress(): void {
  if (linkedRun(location.href)) {
    history.replaceState(history.state, '', withoutRun(location.href));
  }
}
