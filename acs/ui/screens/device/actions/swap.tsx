// The swap of a device: another one takes its place, with its tags, site fields and overrides.
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { quotedText } from '../../../../query/quote.ts';
import { replaceDevice } from '../../../api/device/device.ts';
import { listDevices } from '../../../api/devices.ts';
import { Field } from '../../../components/field.tsx';
import { go } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { tell } from '../../../state/toasts.ts';
import { deviceActions as english } from '../../../words/en/device/actions.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import type { DialogProps } from './dialog-props.ts';
import { FormDialog } from './form.tsx';

const words = textsOf('deviceActions', english);
const SHORTEST = 3;

export function SwapDialog({ device, onClose }: DialogProps): JSX.Element {
  const [text, setText] = useState('');
  const newId = text.trim();
  const list = useId();
  const found = useResource(
    newId.length >= SHORTEST ? newId : undefined,
    async signal => await listDevices({ filter: `find ${quotedText(newId)}`, fields: 'id', limit: 8 }, signal),
    { keeps: true },
  );
  const submit = async (): Promise<void> => {
    await replaceDevice(device.id, newId);
    tell({ tone: 'ok', text: words().swap.done(device.serial, newId) });
    go(hrefOfTab(newId, 'summary'));
  };
  return (
    <FormDialog
      title={words().swap.title(device.serial)}
      action={words().swap.action}
      isReady={newId !== '' && newId !== device.id}
      onSubmit={submit}
      onClose={onClose}
      curl={{ method: 'POST', id: device.id, rest: '/replace-by', body: { newId } }}
    >
      <p>{words().swap.text}</p>
      <Field label={words().swap.newId} help={words().swap.help}>
        {control => (
          <input
            {...control}
            class="input mono"
            data-focus
            list={list}
            autocomplete="off"
            value={text}
            onInput={event => setText(event.currentTarget.value)}
          />
        )}
      </Field>
      <datalist id={list}>
        {(found.value?.items ?? []).map(({ id }) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </FormDialog>
  );
}
