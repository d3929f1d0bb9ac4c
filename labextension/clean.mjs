// Takes away what an earlier build made: the names of its files change with what is in them.
import { rmSync } from 'node:fs';

rmSync(new URL('../rl_widgets/labextension/static/', import.meta.url), {
  recursive: true,
  force: true
});
