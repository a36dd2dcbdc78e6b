export { InputError } from "./input"
export { startSimulator } from "./simulator"
export { FAULT_KINDS } from "./types"
export type {
  ClockState,
  FaultInput,
  FaultKind,
  HostedAccess,
  PayInput,
  Quirks,
  QuotaSettings,
  QuotaState,
  SimulatedMail,
  SimulatedRequest,
  SimulatedTransaction,
  Simulator,
  SimulatorOptions,
  TokenSettings,
} from "./types"
