// Writes the documents that follow from tables in the code: `npm run generate`. Tests compare them with the tables.
import { readFile, writeFile } from 'node:fs/promises';
import { describe } from '../../acs/north/openapi.ts';
import { operations } from '../../acs/north/operations.ts';
import { wsdlOf } from '../../acs/north/soap/wsdl.ts';
import { errorsPage } from './acs/errors-page.ts';
import { withEffects } from './cpe/effects/table.ts';
import { withCommands } from './pbx/commands-doc.ts';

const root = new URL('../../', import.meta.url);
await writeFile(new URL('schemas/openapi.json', root), `${JSON.stringify(describe(operations), undefined, 2)}\n`);
await writeFile(new URL('docs/errors.md', root), errorsPage());
await writeFile(new URL('schemas/northbound.wsdl', root), wsdlOf(operations));
const pbxPage = new URL('docs/pbx.md', root);
await writeFile(pbxPage, withCommands(await readFile(pbxPage, 'utf8')));
const gatewayPage = new URL('docs/gateway.md', root);
await writeFile(gatewayPage, await withEffects(await readFile(gatewayPage, 'utf8')));
