// The checks of a preset before it is stored. Each refusal names the place; values that depend on a device are checked when it is merged.
import { readAt } from '../../../shared/errors.ts';
import type { WantedValue } from '../../device/desired-state.ts';
import { type CodeOf, UserError } from '../../errors.ts';
import { passingPart } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Store } from '../../store/store.ts';
import { documentName } from '../common/documents.ts';
import { wantedValue } from '../common/wanted-values.ts';
import type { FileKind, StoredFile } from '../files/stored-file.ts';
import { Judgement } from '../models/judge.ts';
import type { ProductModels } from '../models/product-models.ts';
import { rowPlace } from './compiled-preset.ts';
import { auditMsOf, OVERRIDE, type Preset, type WantedObjects } from './preset.ts';
import { parseTemplate, plainText, type Template } from './variables.ts';

const MAX_PRESET_BYTES = 1024 * 1024;
export interface ValidationContext {
  store: Pick<Store, 'document'>;
  models: Pick<ProductModels, 'fitting'>;
}

const refused = (code: CodeOf<400>, message: string): UserError => new UserError(400, code, message);

/** Checks the name of a preset. @throws UserError 400 */
export function checkName(name: string): void {
  documentName(name);
  if (name === OVERRIDE) throw refused('bad-name', `'${OVERRIDE}' names a device's own values; use another name`);
}

/** Checks a preset. @returns warnings: names that no device is known to have @throws UserError 400 that names the place; 413 */
export async function checkPreset(preset: Preset, context: ValidationContext): Promise<string[]> {
  const bytes = Buffer.byteLength(JSON.stringify(preset));
  if (bytes > MAX_PRESET_BYTES)
    throw new UserError(413, 'preset-too-large', `a preset takes at most ${MAX_PRESET_BYTES} bytes, not ${bytes}`);
  checkFilter(preset.when);
  if (preset.audit !== undefined && auditMsOf(preset.audit) === undefined)
    throw refused('bad-audit', `audit: '${preset.audit}' is not a duration from 5m to 366d, such as 30m, 24h or 7d`);
  const { returnAfter } = preset.acsMove ?? {};
  if (returnAfter !== undefined && auditMsOf(returnAfter) === undefined)
    throw refused(
      'bad-time',
      `acsMove: returnAfter: '${returnAfter}' is not a duration from 5m to 366d, such as 30m or 2h`,
    );
  const warnings = await checkValues(preset, context.models);
  for (const name of preset.certificates ?? []) await checkFile('certificates', name, ['certificate'], context);
  if (preset.script) await checkFile('script', preset.script, ['script', 'upload'], context);
  if (preset.firmware) await checkFile('firmware', preset.firmware, ['firmware'], context);
  return warnings;
}

/** Judges values and rows by the models of the devices that the preset fits. @returns warnings @throws UserError 400 */
async function checkValues(
  { when, set = {}, objects = {} }: Preset,
  models: ValidationContext['models'],
): Promise<string[]> {
  if (Object.keys(set).length === 0 && Object.keys(objects).length === 0) return [];
  const judgement = new Judgement(await models.fitting(when));
  for (const [path, value] of Object.entries(set)) checkWanted(judgement, `set: ${path}`, path, wantedValue(value));
  for (const [table, wanted] of Object.entries(objects)) checkTable(judgement, table, wanted);
  return judgement.warnings;
}

function checkFilter(when: string | undefined): void {
  if (!when) return;
  const passing = readAt('when', () => passingPart(parseFilter(when)));
  if (passing)
    throw refused(
      'passing-rule',
      `when: '${passing}' changes by itself; a preset's filter is over lasting properties of a device`,
    );
}

async function checkFile(
  place: string,
  name: string,
  kinds: readonly FileKind[],
  { store }: ValidationContext,
): Promise<void> {
  const found = await store.document<StoredFile>('file', name);
  if (!found) throw refused('no-such-file', `${place}: no file '${name}'`);
  if (!kinds.includes(found.body.type))
    throw refused('wrong-file-type', `${place}: '${name}' is a ${found.body.type} file, not a ${kinds[0]}`);
}

function checkTable(judgement: Judgement, table: string, wanted: WantedObjects): void {
  if (!table.endsWith('.')) throw refused('bad-table', `objects: '${table}' must end with a dot`);
  judgement.table(table, wanted.exclusive ?? false);
  for (const [index, row] of wanted.rows.entries()) {
    const missing = wanted.keys.find(key => row[key] === undefined);
    if (missing) throw refused('key-missing', `${rowPlace(table, index)} lacks its key ${missing}`);
    for (const [column, value] of Object.entries(row)) {
      // An existing row is found by its key, which need not be writable for that.
      const isKey = wanted.keys.includes(column);
      checkWanted(judgement, rowPlace(table, index, column), `${table}1.${column}`, wantedValue(value), isKey);
    }
  }
}

function checkWanted(judgement: Judgement, place: string, path: string, wanted: WantedValue, isKey = false): void {
  judgement.value({
    place,
    path,
    wanted,
    isKey,
    texts: () => knownTexts(readAt(place, () => parseTemplate(wanted.value))),
  });
}

/** The texts that are known before a device fills the template: the whole text, or the fallback of its only variable. */
function knownTexts(template: Template): string[] {
  const plain = plainText(template);
  if (plain !== undefined) return [plain];
  const [only, ...rest] = template;
  return rest.length === 0 && only && 'variable' in only && only.fallback !== undefined ? [only.fallback] : [];
}
