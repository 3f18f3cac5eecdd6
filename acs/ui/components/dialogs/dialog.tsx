// A dialog over the page: the focus goes into it and back, Escape closes it.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { Icon } from '../icon.tsx';

const words = textsOf('frame', frame);

export interface DialogProps {
  title: string;
  onClose: () => void;
  /** Buttons at its foot, the primary one last. */
  footer?: ComponentChildren;
  children: ComponentChildren;
  /** Without a header of its own: the content has one. */
  isBare?: boolean;
}

/** Open while it is shown. The element with `data-focus` has the focus first, else the first one that can have it. */
export function Dialog({ title, onClose, footer, children, isBare = false }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  /** A press that began inside, a selection of text for instance, may end outside. */
  const hasBegunOutside = useRef(false);
  useEffect(() => {
    const before = document.activeElement;
    const dialog = element.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('[data-focus]')?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      class={isBare ? 'dialog palette' : 'dialog'}
      ref={element}
      {...(isBare ? { 'aria-label': title } : { 'aria-labelledby': id })}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={event => {
        hasBegunOutside.current = event.target === element.current;
      }}
      onClick={event => {
        // Outside of it lies its backdrop.
        if (event.target === element.current && hasBegunOutside.current) onClose();
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape') event.stopPropagation();
      }}
    >
      {!isBare && (
        <header>
          <h2 id={id}>{title}</h2>
          <button class="btn quiet square push" type="button" aria-label={words().close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
      )}
      {isBare ? children : <div class="body">{children}</div>}
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}
