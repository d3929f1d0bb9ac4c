/**
 * Links that open something in JupyterLab, and are taken off the address again.
 *
 * `?rl-widgets-run=<id>` opens a run, `?rl-widgets-new=experiment` or `=target` a form; a form with
 * a run begins with what that was submitted with.
 */

import type { FormKind } from './tokens';
import { FORM_QUERY, LINK_QUERY } from './tokens';

/** What an address asks for; '' for nothing. */
export interface ILink {
  run: string;
  form: FormKind | '';
}

export function linkOf(href: string): ILink {
  const query = new URL(href).searchParams;
  const form = query.get(FORM_QUERY);
  const known = form === 'experiment' || form === 'target';
  return { run: query.get(LINK_QUERY) ?? '', form: known ? form : '' };
}

/** The query of a link that opens a form. */
export function formQuery(kind: FormKind, from: string): string {
  return `?${new URLSearchParams({ [FORM_QUERY]: kind, ...(from && { [LINK_QUERY]: from }) })}`;
}

/** The address without what it asks for. */
export function withoutLink(href: string): string {
  const url = new URL(href);
  [LINK_QUERY, FORM_QUERY].forEach(name => url.searchParams.delete(name));
  return url.href;
}

/** Clean the address in the browser, and leave no step back to it. */
export function cleanAddress(): void {
  const { run, form } = linkOf(location.href);
  if (run || form) {
    history.replaceState(history.state, '', withoutLink(location.href));
  }
}
