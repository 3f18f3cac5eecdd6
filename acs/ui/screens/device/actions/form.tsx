// A dialog that changes something of a device by a form, with its call as a line for a shell.
import type { JSX } from 'preact';
import { FormDialog as Form, type FormDialogProps as FormProps } from '../../../components/records/form-dialog.tsx';
import { Curl, type CurlProps } from './curl.tsx';

export interface FormDialogProps extends Pick<FormProps, 'title' | 'isReady' | 'onClose' | 'children'> {
  /** The verb on the button. */
  action: string;
  onSubmit: () => Promise<void>;
  /** The call that it makes, below the device. */
  curl: CurlProps;
}

export const FormDialog = ({ onSubmit, curl, ...form }: FormDialogProps): JSX.Element => (
  <Form
    {...form}
    aside={<Curl {...curl} />}
    onSend={async () => {
      await onSubmit();
      return undefined;
    }}
  />
);
