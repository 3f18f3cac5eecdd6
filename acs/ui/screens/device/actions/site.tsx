// The site fields of a device. Only what was changed is sent, so that a masked value stays as it is.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changeDevice } from '../../../api/device/device.ts';
import { Field } from '../../../components/field.tsx';
import { Icon } from '../../../components/icon.tsx';
import { deviceActions as english } from '../../../words/en/device/actions.ts';
import { textsOf } from '../../../words/texts.ts';
import type { DialogProps } from './dialog-props.ts';
import { FormDialog } from './form.tsx';

const words = textsOf('deviceActions', english);

export function SiteDialog({ device, given, onClose, reload }: DialogProps): JSX.Element {
  const { site, serial, id } = device;
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [names, setNames] = useState<readonly string[]>(() => [
    ...Object.keys(site),
    ...(given === undefined || given in site ? [] : [given]),
  ]);
  const [name, setName] = useState('');
  const changes = Object.entries(values).filter(([field, value]) => value !== (site[field] ?? ''));
  const add = (): void => {
    const field = name.trim().replace(/^site\./, '');
    if (field === '' || names.includes(field)) return;
    setNames([...names, field]);
    setName('');
  };
  const change = { site: Object.fromEntries(changes.map(([field, value]) => [field, value === '' ? null : value])) };
  const submit = async (): Promise<void> => {
    await changeDevice(id, change);
    reload();
  };
  return (
    <FormDialog
      title={words().site.title(serial)}
      action={words().site.action}
      isReady={changes.length > 0}
      onSubmit={submit}
      onClose={onClose}
      curl={{ method: 'PATCH', id, body: change }}
    >
      <p class="help">{words().site.help}</p>
      {names.map(field => (
        <label class="field" key={field}>
          <span class="mono">{`site.${field}`}</span>
          <input
            class="input"
            autocomplete="off"
            {...(field === (given ?? names[0]) ? { 'data-focus': true } : {})}
            value={values[field] ?? site[field] ?? ''}
            onInput={event => setValues({ ...values, [field]: event.currentTarget.value })}
          />
        </label>
      ))}
      <Field label={words().site.newField}>
        {control => (
          <span class="row nowrap">
            <input
              {...control}
              class="input mono"
              autocomplete="off"
              value={name}
              onInput={event => setName(event.currentTarget.value)}
              onKeyDown={event => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                add();
              }}
            />
            <button class="btn" type="button" disabled={name.trim() === ''} onClick={add}>
              <Icon name="plus" />
              {words().site.addField}
            </button>
          </span>
        )}
      </Field>
    </FormDialog>
  );
}
