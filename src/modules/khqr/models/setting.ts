import { model } from "@medusajs/framework/utils"

/** What is remembered or set at run time, under a name. */
const KhqrSetting = model.define("khqr_setting", {
  id: model.text().primaryKey(),
  value: model.json(),
})

export default KhqrSetting
