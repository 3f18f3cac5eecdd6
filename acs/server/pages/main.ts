// Writes the operator's pages into a folder, for `npm run build`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundlePages } from './bundle.ts';

const [, , folder = 'dist/acs/ui'] = process.argv;
await mkdir(folder, { recursive: true });
for (const [name, content] of await bundlePages()) await writeFile(join(folder, name), content);
