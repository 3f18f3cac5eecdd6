// The tags of a device: added and taken away one by one, so that those of others stay.
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

/** Tags in a text: blanks and commas set them apart. */
const tagsIn = (text: string): string[] => [...new Set(text.split(/[\s,]/).filter(Boolean))];

export function TagsDialog({ device, onClose, reload }: DialogProps): JSX.Element {
  const [text, setText] = useState('');
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const added = tagsIn(text).filter(tag => !device.tags.includes(tag));
  const change = {
    tags: { ...(added.length > 0 ? { add: added } : {}), ...(removed.length > 0 ? { remove: [...removed] } : {}) },
  };
  const submit = async (): Promise<void> => {
    await changeDevice(device.id, change);
    reload();
  };
  return (
    <FormDialog
      title={words().tags.title(device.serial)}
      action={words().tags.action}
      isReady={added.length + removed.length > 0}
      onSubmit={submit}
      onClose={onClose}
      curl={{ method: 'PATCH', id: device.id, body: change }}
    >
      <Field label={words().tags.add} help={words().tags.help}>
        {control => (
          <input
            {...control}
            class="input"
            data-focus
            autocomplete="off"
            value={text}
            onInput={event => setText(event.currentTarget.value)}
          />
        )}
      </Field>
      <div class="chips">
        {device.tags
          .filter(tag => !removed.includes(tag))
          .map(tag => (
            <button
              class="chip"
              type="button"
              key={tag}
              aria-label={words().tags.remove(tag)}
              onClick={() => setRemoved([...removed, tag])}
            >
              {tag}
              <Icon name="close" />
            </button>
          ))}
      </div>
    </FormDialog>
  );
}
