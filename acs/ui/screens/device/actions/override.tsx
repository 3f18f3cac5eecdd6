// The overrides of a device: values for it alone, which win over every preset.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changeDevice } from '../../../api/device/device.ts';
import { Icon } from '../../../components/icon.tsx';
import { TextInput } from '../../../components/records/text-input.tsx';
import { tell } from '../../../state/toasts.ts';
import { deviceActions as english } from '../../../words/en/device/actions.ts';
import { textsOf } from '../../../words/texts.ts';
import type { DialogProps } from './dialog-props.ts';
import { FormDialog } from './form.tsx';

const words = textsOf('deviceActions', english);

export function OverrideDialog({ device, given = '', onClose, reload }: DialogProps): JSX.Element {
  const [path, setPath] = useState(given);
  const [value, setValue] = useState(device.overrides[given]?.value ?? '');
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const isWritten = path.trim() !== '' && value !== (device.overrides[path.trim()]?.value ?? '');
  const change = {
    overrides: {
      ...Object.fromEntries(removed.map(each => [each, null])),
      ...(isWritten ? { [path.trim()]: value } : {}),
    },
  };
  const submit = async (): Promise<void> => {
    const { warnings = [] } = await changeDevice(device.id, change);
    for (const text of warnings) tell({ tone: 'bad', text });
    reload();
  };
  return (
    <FormDialog
      title={words().override.title(device.serial)}
      action={words().override.action}
      isReady={isWritten || removed.length > 0}
      onSubmit={submit}
      onClose={onClose}
      curl={{ method: 'PATCH', id: device.id, body: change }}
    >
      <p class="help">{words().override.help}</p>
      {Object.entries(device.overrides)
        .filter(([each]) => !removed.includes(each))
        .map(([each, wanted]) => (
          <div class="row nowrap" key={each}>
            <span class="mono wrap-any">{each}</span>
            <span class="mono wrap-any push">{wanted.value}</span>
            <button
              class="btn quiet tiny square"
              type="button"
              aria-label={words().override.remove(each)}
              onClick={() => setRemoved([...removed, each])}
            >
              <Icon name="trash" />
            </button>
          </div>
        ))}
      <TextInput label={words().override.path} value={path} set={setPath} isFirst />
      <TextInput label={words().override.value} value={value} set={setValue} />
    </FormDialog>
  );
}
