defmodule Greeting.MixProject do
  use Mix.Project

  def project do
    [app: :greeting, version: "1.0.0"]
  end
end
