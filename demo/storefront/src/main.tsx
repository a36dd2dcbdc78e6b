import { createRoot } from "react-dom/client"
import { App } from "./app"
import { loadConfig } from "./config"
import { ShopProvider } from "./shop"
import "./style.css"

const app = document.getElementById("app")
if (!app) {
  throw new Error("The page has no #app")
}

const root = createRoot(app)

loadConfig().then(
  (config) =>
    root.render(
      <ShopProvider config={config}>
        <App />
      </ShopProvider>
    ),
  (error: Error) =>
    root.render(
      <p className="error">The shop has no configuration: {error.message}</p>
    )
)
