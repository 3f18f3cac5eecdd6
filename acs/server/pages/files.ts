// The files of the operator's pages: those that the build has written, or bundled from the sources at their first use.
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { messageOf } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import type { PageFile, PageFiles, PageSource } from '../../north/pages/operator-pages.ts';
import { tagged } from '../../north/pages/static-files.ts';
import type { Bundle } from './bundle.ts';

const compress = promisify(gzip);

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Reads or bundles the pages at the first request for them. A failure is answered with 503, and the next request tries again. */
export function operatorPages(): PageSource {
  let made: Promise<PageFiles> | undefined;
  return async () => {
    made ??= readPages();
    try {
      return await made;
    } catch (error) {
      made = undefined;
      throw new UserError(503, 'pages-unavailable', `the pages cannot be made: ${messageOf(error)}`);
    }
  };
}

/** JavaScript that runs has been built: its pages lie beside it. TypeScript that runs comes with the sources of the pages. */
async function readPages(): Promise<PageFiles> {
  const isBuilt = import.meta.url.endsWith('.js');
  const bundle = isBuilt ? await writtenPages() : await (await import('./bundle.ts')).bundlePages();
  const files = new Map<string, PageFile>();
  for (const [name, content] of bundle) {
    const type = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    files.set(name, { content, gzip: await compress(content), type });
  }
  const shell = files.get('index.html');
  if (!shell) throw new Error('index.html is not there');
  files.delete('index.html');
  return { shell: { ...shell, ...tagged(shell.content) }, assets: files };
}

async function writtenPages(): Promise<Bundle> {
  const folder = new URL('../../ui/', import.meta.url);
  const names = await readdir(fileURLToPath(folder));
  return new Map(await Promise.all(names.map(async name => [name, await readFile(new URL(name, folder))] as const)));
}
