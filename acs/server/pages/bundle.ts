// The operator's pages out of their sources: bundled by esbuild, in memory.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile } from 'esbuild';

const sources = fileURLToPath(new URL('../../ui/', import.meta.url));

/** Files by their names, ready to be written or sent. */
export type Bundle = ReadonlyMap<string, Buffer>;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 18" fill="none" stroke="#1b54c0" stroke-width="2">
<circle cx="6.5" cy="11" r="5.2"/><circle cx="19.5" cy="11" r="5.2"/><path d="M6.5 11L11 3.5h5.5L19.5 11M8.5 1.5h4" stroke-linecap="round" stroke-linejoin="round"/></svg>
`;

/** @param script, style names of the files that the page begins with */
const shellOf = (script: string, style: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tandem</title>
<link rel="icon" href="/ui/assets/icon.svg">
<link rel="stylesheet" href="/ui/assets/${style}">
<script type="module" src="/ui/assets/${script}"></script>
</head>
<body><div id="app"></div></body>
</html>
`;

/** Bundles the pages. The file `index.html` is the shell. */
export async function bundlePages(): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [`${sources}main.tsx`, `${sources}app.css`],
    bundle: true,
    write: false,
    format: 'esm',
    splitting: true,
    minify: true,
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    outdir: 'assets',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    logLevel: 'silent',
  });
  const named = (begin: string, end: string): string => nameOf(outputFiles, begin, end);
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
  files.set('icon.svg', Buffer.from(ICON));
  files.set('index.html', Buffer.from(shellOf(named('main-', '.js'), named('app-', '.css'))));
  return files;
}

function nameOf(files: readonly OutputFile[], begin: string, end: string): string {
  const name = files.map(({ path }) => basename(path)).find(each => each.startsWith(begin) && each.endsWith(end));
  if (name === undefined) throw new Error(`the bundle has no file ${begin}*${end}`);
  return name;
}
