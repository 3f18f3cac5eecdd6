// Records the answers to the examples of the API description, shortened, for the description: a part of `npm run generate`.
import { writeFile } from 'node:fs/promises';
import { ExampleRun, inOrder } from './example-run.ts';

/** Entries of a list that an example shows, and characters of a whole one: longer answers are left out. */
const MAX_ITEMS = 1;
const MAX_LENGTH = 3000;

const shortened = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]));
};

const answers: Record<string, { status: number; body: unknown }> = {};
const run = await ExampleRun.begin();
for (const operation of inOrder()) {
  const { status, json } = await run.send(operation);
  const shape = operation.answers[status];
  if (status >= 300 || shape === undefined || typeof shape === 'string') continue;
  const body = shortened(json);
  if (JSON.stringify(body).length <= MAX_LENGTH) answers[operation.name] = { status, body };
}
await run.end();
const sorted = Object.fromEntries(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(
  new URL('../../../../acs/north/examples/answers.json', import.meta.url),
  `${JSON.stringify(sorted, undefined, 2)}\n`,
);
