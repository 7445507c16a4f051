# For a tap: copy it to Formula/asc-auth.rb. A release writes the version and the digests
# (cargo xtask dist --manifest); before the first one the digests are those of no file.
class AscAuth < Formula
  desc "App Store Connect authentication in CI"
  homepage "https://github.com/org/asc-auth"
  version "0.0.0"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "https://github.com/org/asc-auth/releases/download/v#{version}/asc-auth-#{version}-aarch64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
    on_intel do
      url "https://github.com/org/asc-auth/releases/download/v#{version}/asc-auth-#{version}-x86_64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/org/asc-auth/releases/download/v#{version}/asc-auth-#{version}-aarch64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
    on_intel do
      url "https://github.com/org/asc-auth/releases/download/v#{version}/asc-auth-#{version}-x86_64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end

  def install
    bin.install "asc-auth"
    bash_completion.install "completions/asc-auth.bash" => "asc-auth"
    zsh_completion.install "completions/_asc-auth"
    fish_completion.install "completions/asc-auth.fish"
    man1.install Dir["man/*.1"]
    doc.install "README.md", "THIRD-PARTY.txt"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/asc-auth --version")
    assert_match "Admin", shell_output("#{bin}/asc-auth roles")
  end
end
