// The drawer of a record that may be changed and deleted: its buttons, the dialog, and the question before it goes.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { setQuery } from '../../state/location.ts';
import { tell } from '../../state/toasts.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { Confirm } from '../dialogs/confirm.tsx';
import { SideDrawer } from './side-drawer.tsx';

const words = textsOf('records', records);

export interface RecordDrawerProps {
  name: string;
  /** Default: the name. */
  title?: string;
  mayEdit: boolean;
  mayDelete: boolean;
  /** Makes the dialog that changes it. */
  editor: (onClose: () => void) => JSX.Element;
  onDelete: () => Promise<void>;
  /** The consequence of its deletion. */
  deleteText: string;
  /** The name has to be typed before it is deleted. */
  isTyped?: boolean;
  /** The record is gone. */
  onChanged: () => void;
  children: ComponentChildren;
}

/** The record is the one that `at` in the address names. Give it a `key`, as a SideDrawer. */
export function RecordDrawer(props: RecordDrawerProps): JSX.Element {
  const { name, title = name, mayEdit, mayDelete, editor, onDelete, deleteText, isTyped = false, children } = props;
  const [asked, setAsked] = useState<'edit' | 'delete' | undefined>(undefined);
  const close = (): void => setAsked(undefined);
  const leave = (): void => setQuery({ at: undefined });
  const footer = (mayEdit || mayDelete) && (
    <>
      {mayEdit && (
        <button class="btn" type="button" onClick={() => setAsked('edit')}>
          {words().edit}
        </button>
      )}
      {mayDelete && (
        <button class="btn danger push" type="button" onClick={() => setAsked('delete')}>
          {words().remove}
        </button>
      )}
    </>
  );
  return (
    <SideDrawer title={title} onClose={leave} footer={footer}>
      {children}
      {asked === 'edit' && editor(close)}
      {asked === 'delete' && (
        <Confirm
          title={name}
          action={words().removeNow}
          typed={isTyped ? name : undefined}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            await onDelete();
            tell({ tone: 'ok', text: words().removed(name) });
            leave();
            props.onChanged();
          }}
        >
          <p>{deleteText}</p>
        </Confirm>
      )}
    </SideDrawer>
  );
}
