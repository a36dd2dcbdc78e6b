export { InputError } from "./input"
export { startSimulator } from "./simulator"
export { FAULT_KINDS } from "./types"
export type {
  FaultInput,
  FaultKind,
  PayInput,
  SimulatedRequest,
  SimulatedTransaction,
  Simulator,
  SimulatorOptions,
} from "./types"
