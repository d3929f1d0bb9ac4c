/** The code of a cell that draws runs beside each other, in the workspace that `insert` opens. */
export function compareCode(insert: string, ids: readonly string[]): string {
  const opened = /^ws = .*$/m.exec(insert)?.[0] ?? 'ws = Workspace()';
  const runs = ids.map(id => `    ws.get_run(${JSON.stringify(id)}),`);
  const first = 'from rl_widgets import CompareRuns, Workspace';
  return [first, '', opened, 'CompareRuns([', ...runs, '])'].join('\n');
}
