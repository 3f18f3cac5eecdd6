// A drawer beside a list: the focus goes into it and back, Escape closes it, the list stays.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { Icon } from '../icon.tsx';

const words = textsOf('frame', frame);

export interface SideDrawerProps {
  title: string;
  onClose: () => void;
  footer?: ComponentChildren;
  children: ComponentChildren;
}

/** Give it a `key`, so that another record brings the focus again. */
export function SideDrawer({ title, onClose, footer, children }: SideDrawerProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      class="drawer"
      aria-labelledby={id}
      onKeyDown={event => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <header>
        <h2 id={id} class="wrap-any" tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <button class="btn quiet square push" type="button" aria-label={words().close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="body">{children}</div>
      {footer && <footer>{footer}</footer>}
    </aside>
  );
}
