defmodule Greeting do
  def to(release), do: "hello from elixir, release #{release}\n"
end
