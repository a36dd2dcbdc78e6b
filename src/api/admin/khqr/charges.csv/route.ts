import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"

import { zodValidator } from "@medusajs/framework"
import type {
  AuthenticatedMedusaRequest,
  MedusaResponse,
} from "@medusajs/framework/http"

import { KHQR_MODULE } from "../../../../modules/khqr"
import { whereOf, type ChargeFilters } from "../../../../modules/khqr/desk-list"
import type KhqrModuleService from "../../../../modules/khqr/service"
import { csvLine } from "../charges/csv"
import { AdminKhqrExportCharges } from "../charges/validators"
import { CSV_COLUMNS } from "../charges/view"

/** However many there are, so many are held at once. */
const PAGE = 500

/** The charges that the filters of the list leave, newest first, for a spreadsheet. */
export async function GET(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse
): Promise<void> {
  const filters = (await zodValidator(
    AdminKhqrExportCharges,
    req.query
  )) as ChargeFilters
  const khqr = req.scope.resolve<KhqrModuleService>(KHQR_MODULE)
  res.setHeader("Content-Type", "text/csv; charset=utf-8")
  res.setHeader(
    "Content-Disposition",
    'attachment; filename="khqr-charges.csv"'
  )
  res.setHeader("Cache-Control", "no-store")
  await pipeline(Readable.from(linesOf(filters, khqr)), res)
}

async function* linesOf(
  filters: ChargeFilters,
  khqr: KhqrModuleService
): AsyncGenerator<string> {
  yield csvLine([...CSV_COLUMNS])
  let before: string | null = null
  for (;;) {
    // By the id, which grows with time: a charge that comes meanwhile moves no page.
    const page = await khqr.listKhqrCharges(
      {
        ...whereOf(filters),
        ...(before === null ? {} : { id: { $lt: before } }),
      },
      { take: PAGE, order: { id: "DESC" } }
    )
    yield page
      .map((charge) => csvLine(CSV_COLUMNS.map((column) => charge[column])))
      .join("")
    if (page.length < PAGE) {
      return
    }
    before = page[page.length - 1].id
  }
}
