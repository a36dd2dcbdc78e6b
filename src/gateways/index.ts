export type * from "./gateway"
