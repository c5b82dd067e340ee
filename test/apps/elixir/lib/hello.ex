defmodule Hello do
  use Application

  def start(_type, _arguments) do
    port = String.to_integer(System.get_env("PORT", "5000"))
    Supervisor.start_link([{Task, fn -> serve(port) end}], strategy: :one_for_one)
  end

  defp serve(port) do
    options = [:binary, packet: :http_bin, active: false, reuseaddr: true]
    {:ok, listener} = :gen_tcp.listen(port, options)
    accept(listener)
  end

  defp accept(listener) do
    {:ok, client} = :gen_tcp.accept(listener)
    {:ok, pid} = Task.start(fn -> receive do: (:go -> answer(client)) end)
    :ok = :gen_tcp.controlling_process(client, pid)
    send(pid, :go)
    accept(listener)
  end

  defp answer(client) do
    case :gen_tcp.recv(client, 0) do
      {:ok, :http_eoh} ->
        page = Greeting.to(System.get_env("SLIPWAY_RELEASE"))
        head = "HTTP/1.1 200 OK\r\nContent-Length: #{byte_size(page)}\r\nConnection: close\r\n\r\n"
        :gen_tcp.send(client, head <> page)
        :gen_tcp.close(client)

      {:ok, _line} ->
        answer(client)

      {:error, _reason} ->
        :gen_tcp.close(client)
    end
  end
end
