# Completion of ./lake in fish. In ~/.config/fish/config.fish: /path/to/lake completion fish | source
function __lake_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lake (string replace -r '^~' -- $HOME $words[1])
    set -e words[1]
    for line in ($lake __complete $words "$current" 2>/dev/null)
        if test "$line" = :path
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c lake -f -a '(__lake_words)'
