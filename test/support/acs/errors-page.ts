// The text of docs/errors.md, made from the table of error codes.

import type { ErrorEntry } from '../../../acs/errors/entry.ts';
import { errorTopics } from '../../../acs/errors.ts';

const intro = `# Error codes

Generated from \`acs/errors.ts\` by \`npm run generate\`; do not edit.

The API answers an error with a problem document (RFC 9457, \`application/problem+json\`). Its \`code\` is stable, so a
client should decide by \`code\` and \`status\`. \`detail\` is a text for people: it names the place of the error and may change
between versions. Some errors carry more fields, which are named below.

The programs on the command line print the same \`detail\` and exit with 1 (2 for a wrong option).
`;

const statusText = ({ status }: ErrorEntry): string => (Array.isArray(status) ? status.join(', ') : String(status));

export function errorsPage(): string {
  const topics = errorTopics.map(({ title, entries }) => {
    const rows = Object.entries(entries)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, entry]) => `| \`${code}\` | ${statusText(entry)} | ${entry.meaning} | ${entry.remedy} |`);
    return `## ${title}\n\n| Code | Status | Meaning | What to do |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return [intro, ...topics].join('\n');
}
