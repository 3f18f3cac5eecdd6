// Files for a device and from it: a stored file that it downloads, its configuration that it sends.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { backUp, storedFiles } from '../../../api/device/work.ts';
import { Field } from '../../../components/field.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { TextInput } from '../../../components/records/text-input.tsx';
import { useResource } from '../../../state/resource.ts';
import { deviceActions as english } from '../../../words/en/device/actions.ts';
import { bytes } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { followTask, sendTask } from './carry-out.ts';
import type { DialogProps } from './dialog-props.ts';
import { FormDialog } from './form.tsx';

const words = textsOf('deviceActions', english);

export function DownloadDialog({ device, given = '', onClose }: DialogProps): JSX.Element {
  const [file, setFile] = useState(given);
  const files = useResource('files', async signal => await storedFiles(signal));
  const fitting = (files.value ?? []).filter(
    ({ productClass }) => productClass === undefined || productClass === device.productClass,
  );
  return (
    <FormDialog
      title={words().download.title(device.serial)}
      action={words().download.action}
      isReady={file !== ''}
      onSubmit={async () => {
        void sendTask(device, { method: 'Download', file }, words().download.what(file));
      }}
      onClose={onClose}
      curl={{ method: 'POST', id: device.id, rest: '/tasks', body: { method: 'Download', file } }}
    >
      {files.problem && <ProblemNote problem={files.problem} onRetry={files.reload} />}
      {files.value && fitting.length === 0 && <p>{words().download.none}</p>}
      <Field label={words().download.file} help={words().download.help}>
        {control => (
          <select
            {...control}
            class="input"
            data-focus
            value={file}
            onChange={event => setFile(event.currentTarget.value)}
          >
            <option value="">{words().download.choose}</option>
            {fitting.map(({ name, type, size, version }) => (
              <option key={name} value={name}>
                {[name, words().download.types[type], version, bytes(size)].filter(Boolean).join(' · ')}
              </option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  );
}

/** The configuration goes to the backups of the device, or to a file under a name. */
export function UploadDialog({ device, onClose }: DialogProps): JSX.Element {
  const [name, setName] = useState('');
  const file = name.trim();
  const submit = async (): Promise<void> => {
    const what = words().upload.what;
    void (file === ''
      ? followTask(device, async () => await backUp(device.id), what)
      : sendTask(device, { method: 'Upload', file }, what));
  };
  return (
    <FormDialog
      title={words().upload.title(device.serial)}
      action={words().upload.action}
      onSubmit={submit}
      onClose={onClose}
      curl={
        file === ''
          ? { method: 'POST', id: device.id, rest: '/backups' }
          : { method: 'POST', id: device.id, rest: '/tasks', body: { method: 'Upload', file } }
      }
    >
      <p>{words().upload.text}</p>
      <TextInput label={words().upload.file} help={words().upload.help} value={name} set={setName} isFirst />
    </FormDialog>
  );
}
