// A preset as a form. It writes into the text, which stays the one source.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Document } from '../../../api/presets.ts';
import { presets } from '../../../words/en/presets.ts';
import { textsOf } from '../../../words/texts.ts';
import { recordIn, textIn, textOf, withSetting } from '../document.ts';
import { SetTable } from './set-table.tsx';

const words = textsOf('presets', presets);

export interface PresetFormProps {
  /** Undefined while the text cannot be read. */
  document: Document | undefined;
  onWrite: (text: string) => void;
  isReadOnly: boolean;
}

type FieldProps = Omit<PresetFormProps, 'document'> & { document: Document; name: FormFieldName };
type FormFieldName = 'when' | 'weight' | 'restart' | 'drift' | 'audit' | 'firmware' | 'script' | 'certificates';

export function PresetForm({ document, onWrite, isReadOnly }: PresetFormProps): JSX.Element {
  if (!document) return <p class="body help">{words().formNeedsJson}</p>;
  const given = { document, onWrite, isReadOnly };
  const tables = Object.keys(recordIn(document, 'objects'));
  return (
    <div class="body stack">
      <TextField {...given} name="when" />
      <TextField {...given} name="weight" read={numberText} write={numberIn} isNumber />
      <SetTable
        values={recordIn(document, 'set')}
        isReadOnly={isReadOnly}
        onChange={values =>
          onWrite(textOf(withSetting(document, ['set'], Object.keys(values).length > 0 ? values : undefined)))
        }
      />
      <ChoiceField {...given} name="restart" choices={words().restarts} />
      <ChoiceField {...given} name="drift" choices={words().drifts} />
      <TextField {...given} name="audit" />
      <TextField {...given} name="firmware" />
      <TextField {...given} name="script" />
      <TextField {...given} name="certificates" read={namesText} write={namesIn} />
      {tables.length > 0 && <p class="help">{words().tablesAsJson(tables.join(', '))}</p>}
    </div>
  );
}

interface TextFieldProps extends FieldProps {
  isNumber?: boolean;
  read?: (value: unknown) => string;
  /** Undefined takes the field out. */
  write?: (text: string) => unknown;
}

function TextField({
  document,
  name,
  onWrite,
  isReadOnly,
  isNumber = false,
  read = plainText,
  write = textOrNone,
}: TextFieldProps): JSX.Element {
  // Text that is being typed stays as it is, although the document has it in another shape, or not at all, for now.
  const [typed, setTyped] = useState<string | undefined>(undefined);
  return (
    <label class="field">
      <span>{words().fields[name]}</span>
      <input
        class="input mono"
        inputMode={isNumber ? 'numeric' : 'text'}
        readOnly={isReadOnly}
        value={typed ?? read(document[name])}
        onInput={({ currentTarget: { value } }) => {
          setTyped(value);
          onWrite(textOf(withSetting(document, [name], write(value))));
        }}
        onBlur={() => setTyped(undefined)}
      />
    </label>
  );
}

interface ChoiceFieldProps extends FieldProps {
  choices: Readonly<Record<string, string>>;
}

function ChoiceField({ document, name, onWrite, isReadOnly, choices }: ChoiceFieldProps): JSX.Element {
  return (
    <label class="field">
      <span>{words().fields[name]}</span>
      <select
        class="input"
        disabled={isReadOnly}
        value={textIn(document, name)}
        onChange={event => onWrite(textOf(withSetting(document, [name], textOrNone(event.currentTarget.value))))}
      >
        <option value="">{words().asDefault}</option>
        {Object.entries(choices).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

const plainText = (value: unknown): string => (typeof value === 'string' ? value : '');
const textOrNone = (text: string): string | undefined => text || undefined;
const numberText = (value: unknown): string => (typeof value === 'number' ? String(value) : '');
const numberIn = (text: string): number | undefined =>
  text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text);
const namesText = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');

function namesIn(text: string): string[] | undefined {
  const names = text.split(/[\s,]+/).filter(name => name !== '');
  return names.length > 0 ? names : undefined;
}
