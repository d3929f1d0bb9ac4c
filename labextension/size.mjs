// Prints how large the built scripts are, and fails above the limit.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 300 * 1024;
const folder = new URL('../rl_widgets/labextension/static/', import.meta.url);
let [total, packed] = [0, 0];
for (const name of readdirSync(folder).sort()) {
  if (name.endsWith('.map')) {
    throw new Error(`${name}: a source map does not belong into what is shipped.`);
  }
  if (name.endsWith('.js')) {
    const text = readFileSync(new URL(name, folder));
    const zipped = gzipSync(text).length;
    console.log(`${name.padEnd(34)} ${(text.length / 1024).toFixed(1).padStart(7)} KB`);
    total += text.length;
    packed += zipped;
  }
}
const [kb, zip] = [total, packed].map(n => (n / 1024).toFixed(1));
console.log(`all scripts ${kb} KB (${zip} KB compressed), at most ${LIMIT / 1024} KB`);
process.exit(total > LIMIT ? 1 : 0);
