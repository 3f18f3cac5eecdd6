// Writes the documents that follow from tables in the code: `npm run generate`. A test holds them to be up to date.
import { writeFile } from 'node:fs/promises';
import { describe } from '../../acs/north/openapi.ts';
import { operations } from '../../acs/north/operations.ts';

const schemas = new URL('../../schemas/', import.meta.url);
await writeFile(new URL('openapi.json', schemas), `${JSON.stringify(describe(operations), undefined, 2)}\n`);
