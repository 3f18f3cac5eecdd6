// Parts of enrolment that are loaded when they are first shown.
import type { Lazy } from '../../state/lazy.ts';
import type { DecideProps } from './decide.tsx';
import type { RuleDialogProps } from './rule-dialog.tsx';
import type { RulesPanelProps } from './rules.tsx';

/** Beside other parts; else a part has the page for itself. */
interface PartProps {
  isPart?: boolean;
}

export const heldPanel: Lazy<PartProps> = { load: async () => (await import('./held.tsx')).HeldPanel };
export const knockingPanel: Lazy<PartProps> = { load: async () => (await import('./knocking.tsx')).KnockingPanel };
export const announcedPanel: Lazy<object> = { load: async () => (await import('./announced.tsx')).AnnouncedPanel };
export const rulesPanel: Lazy<RulesPanelProps> = { load: async () => (await import('./rules.tsx')).RulesPanel };
export const ruleDialog: Lazy<RuleDialogProps> = { load: async () => (await import('./rule-dialog.tsx')).RuleDialog };
export const decideDialog: Lazy<DecideProps> = { load: async () => (await import('./decide.tsx')).DecideDialog };
export const importDialog: Lazy<{ onClose: () => void }> = {
  load: async () => (await import('./import.tsx')).ImportDialog,
};
